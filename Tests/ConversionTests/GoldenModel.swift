import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// A model whose weights follow from the names of its tensors; only its header is kept as a file.
struct GoldenModel {
    /// The name of the header, and of the sums.
    let name: String
    /// What the weights were rounded to before they were converted.
    let rounding: TensorType

    static let all = [
        GoldenModel(name: "Tiny-Llama-BPE-3M-Instruct-f16", rounding: .f16),
        GoldenModel(name: "Tiny-Qwen2-3M-Instruct-bf16", rounding: .bf16),
        GoldenModel(name: "tiny-llama-spm-3M-bf16", rounding: .bf16),
        GoldenModel(name: "tiny-llama-spm-3M-f32", rounding: .bf16),
        GoldenModel(name: "tiny-qwen2-spm-odd-f16", rounding: .f16),
    ]

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

    /// Writes the model.
    func write(to path: FilePath) throws {
        let bytes = try FileSystem.read(Self.fixtures.appending("\(name).header"))
        let size = ByteCount(1 << 40)
        let header = try GGUFHeader.parse(prefix: bytes, fileSize: size)
        let file = try File(path, .update)
        try file.write(bytes, at: 0)
        var end = Int64(bytes.count)
        for tensor in header.tensors {
            let content = self.content(of: tensor, heads: header.heads, sharedHeads: header.sharedHeads)
            try file.write(content, at: header.dataOffset + tensor.offset)
            end = header.dataOffset + tensor.offset + Int64(content.count + 31) / 32 * 32
        }
        try file.truncate(to: ByteCount(end))
    }

    private func content(of tensor: TensorDescription, heads: Int, sharedHeads: Int) -> [UInt8] {
        if tensor.name == "rope_freqs.weight" { return Self.frequencies }
        var values = GoldenWeights.values(GoldenWeights.originalName(tensor.name), count: tensor.elements)
        if name.lowercased().contains("llama") {
            let width = tensor.shape.count > 1 ? tensor.shape[0] : 1
            if tensor.name.contains("attn_q.") { values = GoldenWeights.interleaved(values, heads, width) }
            if tensor.name.contains("attn_k.") {
                values = GoldenWeights.interleaved(values, sharedHeads, width)
            }
        }
        return GoldenWeights.bytes(values, rounding: rounding, as: tensor.type)
    }

    /// How llama 3 slows down the rotation: not at all, less and less, by a factor of eight.
    private static var frequencies: [UInt8] {
        let between: [UInt32] = [0x3F96_EA6B, 0x3FFC_9469, 0x4064_62DB, 0x40F6_5B73]
        let bits =
            Array(repeating: 0x3F80_0000, count: 6) + between + Array(repeating: 0x4100_0000, count: 22)
        return bits.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    }
}

extension GGUFHeader {
    fileprivate var heads: Int { self["\(architecture ?? "").attention.head_count"]?.integer ?? 1 }
    fileprivate var sharedHeads: Int { self["\(architecture ?? "").attention.head_count_kv"]?.integer ?? 1 }
}
