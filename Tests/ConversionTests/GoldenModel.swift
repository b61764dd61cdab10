import Conversion
import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// A model whose weights follow from the names of its tensors, as the reference converted it.
struct GoldenModel {
    /// The name of its folder and the type that it was converted to, as the sums have them.
    let name: String

    static let all = [
        "Tiny-Llama-BPE-3M-Instruct-f16", "Tiny-Qwen2-3M-Instruct-bf16", "tiny-llama-spm-3M-bf16",
        "tiny-llama-spm-3M-f32", "tiny-qwen2-spm-odd-f16",
    ].map(GoldenModel.init)

    private static let fixtures = FilePath(#filePath).removingLastComponent().appending("Fixtures")

    /// The SHA-256 of every file that llama.cpp's tools made of these models, by name.
    static let sums = readSums("SHA256SUMS")

    /// The sums in a fixture, by the names of the files.
    static func readSums(_ fixture: String) -> [String: String] {
        let text = (try? FileSystem.read(fixtures.appending(fixture))) ?? []
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        return Dictionary(
            uniqueKeysWithValues: lines.compactMap { line in
                line.split(separator: " ").last.map { path in
                    (String(path.split(separator: "/").last ?? path), String(line.prefix(64)))
                }
            }
        )
    }

    /// Writes the model, to one file or to several of so many tensors each.
    func write(to path: (Int) -> FilePath, tensorsOfFile: Int? = nil) throws -> [FilePath] {
        let parts = name.split(separator: "-")
        let type = try #require(parts.last.flatMap { ConversionType(rawValue: String($0)) })
        let folder = try TemporaryDirectory()
        let model = try FolderConversionTests.model(parts.dropLast().joined(separator: "-"), in: folder)
        let converter = try Converter(model, to: type, tensorsOfFile: tensorsOfFile)
        let paths = (0..<converter.fileCount).map(path)
        try converter.run(paths)
        return paths
    }
}
