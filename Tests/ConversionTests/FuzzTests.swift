import Conversion
import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// Files that were changed at random: whatever they say, they are taken or refused.
struct FuzzTests {
    private static let tokenizer = #"""
        {"added_tokens":[{"id":3,"content":"<s>","special":true}],"normalizer":{"type":"NFC"},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\p{N}{1,3}| ?\\p{L}+"},
        "behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}}],
        "special_tokens":{"<s>":{"id":"<s>","ids":[3]}}},
        "model":{"type":"BPE","ignore_merges":true,"vocab":{"a":0,"b":1,"ab":2},"merges":["a b",["b","a"]]}}
        """#
    /// What lies at the edges of what numbers can be, and what means something where it stands.
    private static let pieces = [
        "-1", "0", "18446744073709551615", "9223372036854775808", "4294967296", "1e308", "-1e999", "null",
        "[]", "{}",
        "\"\"", "\"\\u0000\"", "\\ud800", "[[[[[[[[", "\u{FF}\u{FE}", "true", ",", "}",
    ]

    /// A text or a file with some of it cut off, doubled, turned over or replaced.
    private func changed(_ bytes: [UInt8], near end: Int, _ numbers: inout SeededNumbers) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &numbers) where !bytes.isEmpty {
            let place = Int.random(in: 0..<min(end, bytes.count), using: &numbers)
            let range = place..<min(bytes.count, place + Int.random(in: 1...8, using: &numbers))
            switch Int.random(in: 0..<6, using: &numbers) {
            case 0: bytes[place] = .random(in: 0 ... .max, using: &numbers)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
            case 2: bytes.removeSubrange(range)
            case 3: bytes.insert(contentsOf: bytes[range], at: place)
            case 4: bytes.replaceSubrange(range, with: range.map { _ in 0xFF })
            default:
                let piece = Self.pieces.randomElement(using: &numbers) ?? ""
                bytes.replaceSubrange(range, with: Array(piece.utf8))
            }
        }
        if Int.random(in: 0..<16, using: &numbers) == 0 {
            bytes.removeLast(Int.random(in: 0..<max(1, bytes.count), using: &numbers))
        }
        return bytes
    }

    /// Tries many changes of a file, and expects that some of them, and not all, are refused.
    private func fuzz(
        _ path: FilePath,
        times: Int,
        near end: Int = .max,
        _ seed: Int,
        _ isTaken: () throws -> Bool
    ) throws {
        let original = try FileSystem.read(path)
        var numbers = SeededNumbers(seed: seed)
        var taken = 0
        for _ in 0..<times {
            try FileSystem.write(changed(original, near: end, &numbers), to: path, durably: false)
            if try isTaken() { taken += 1 }
        }
        try FileSystem.write(original, to: path)
        #expect(taken > 0 && taken < times, "\(path): \(taken)")
        #expect(try isTaken(), "\(path)")
    }

    private func isTaken(_ folder: TemporaryDirectory) -> Bool {
        do throws(HuggingFaceError) {
            let model = try HuggingFaceModel(folder.path, preTokenizer: "gpt-2")
            _ = try Converter(model, to: .q8_0).sizes
            return true
        } catch {
            return false
        }
    }

    @Test(arguments: [("config.json", 500), ("tokenizer.json", 1000), ("model.safetensors", 500)])
    func `a folder is taken or refused`(file: String, times: Int) throws {
        let folder = try TemporaryDirectory()
        try folder.write("{\(SmallFolder.configuration(tokens: 8))}", to: "config.json")
        try folder.write(Self.tokenizer, to: "tokenizer.json")
        try HubFolder.write(SmallFolder.tensors(tokens: 8), to: "model.safetensors", in: folder)
        try fuzz(folder.appending(file), times: times, near: 1200, 11) { isTaken(folder) }
    }

    @Test func `sentence pieces are taken or refused`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("{\(SmallFolder.configuration())}", to: "config.json")
        try HubFolder.write(SmallFolder.tensors(), to: "model.safetensors", in: folder)
        let pieces = HubFolder.golden.appending("tiny-llama-spm-3M/tokenizer.model")
        let path = try folder.write(try FileSystem.read(pieces), to: "tokenizer.model")
        try fuzz(path, times: 150, 12) { isTaken(folder) }
    }

    @Test func `a GGUF and importance matrices of both formats are taken or refused`() throws {
        let folder = try TemporaryDirectory()
        let model = SmallModel(layers: 1)
        let source = try folder.write(model.bytes(), to: "source.gguf")
        try fuzz(source, times: 1000, near: 1500, 13) {
            do throws(ConversionError) {
                _ = try Quantizer(try GGUFSource([source])).plan(.q4_k_m).size
                return true
            } catch {
                return false
            }
        }
        let weights = SmallImportance(model: model)
        for bytes in [weights.legacy, try weights.gguf()] {
            let path = try folder.write(bytes, to: "importance")
            try fuzz(path, times: 300, near: 1000, 14) {
                do throws(ConversionError) {
                    let options = QuantizationOptions(importance: try ImportanceMatrix(path))
                    _ = try Quantizer(try GGUFSource([source]), options: options).plan(.q4_k_m).size
                    return true
                } catch {
                    return false
                }
            }
        }
    }
}
