import Conversion
import Formats
import FoundationEssentials
import Platform
import SystemPackage
import TestSupport
import Testing

/// Models of all families, and of all kinds of tokenizers, against what the reference made of them.
struct FamilyConversionTests {
    /// The pre-tokenizers that were set by hand, since the vocabularies are too small to be known.
    private static func preTokenizer(of name: String) -> String? {
        if name.hasPrefix("Tiny-Qwen") || name.hasPrefix("phi-4") { return "qwen2" }
        if name.hasPrefix("tiny-deepseek") { return "deepseek-coder" }
        return name.hasPrefix("tiny-granite") ? "llama-bpe" : nil
    }

    private static let sums = Result { try HubFolder.sums("FAMILY-SHA256SUMS") }

    /// The names of the folders, each once.
    private static var names: [String] {
        let paths = (try? sums.get().keys.map { $0.split(separator: "/")[0] }) ?? []
        return Set(paths.map(String.init)).sorted()
    }

    @Test func `there are models of every family`() throws {
        try #require(try Self.sums.get().count == 37)
        #expect(Self.names.count == 15)
    }

    @Test(arguments: names)
    func `a model of a family becomes what the reference makes of it`(name: String) async throws {
        try await withTemporaryDirectory { folder in
            let path = try HubFolder.make(name, in: folder)
            let model = try HuggingFaceModel(
                path,
                card: try HubFolder.card(name),
                preTokenizer: Self.preTokenizer(of: name)
            )
            #expect(model.notices.isEmpty)
            for (file, sum) in try Self.sums.get() where file.hasPrefix("\(name)/") {
                let type = try #require(ConversionType(rawValue: String(file.dropFirst(name.count + 1))))
                let output = folder.appending("\(type.rawValue).gguf")
                try Converter(model, to: type).run([output])
                #expect(try Digest.ofFile(output).hex == sum, "\(type)")
            }
        }
    }
}
