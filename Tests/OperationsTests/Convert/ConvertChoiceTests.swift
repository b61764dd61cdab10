import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What a user chooses about a conversion besides the quantization.
struct ConvertChoiceTests {
    /// An importance matrix of the format before GGUF, for one tensor.
    private func matrix(_ weights: [Float], tensor: String = "blk.0.ffn_down.weight") -> [UInt8] {
        func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let values = weights.flatMap { number(Int($0.bitPattern)) }
        return number(1) + number(tensor.utf8.count) + Array(tensor.utf8) + number(4) + number(weights.count)
            + values + number(4) + number(4) + Array("text".utf8)
    }

    @Test func `an importance matrix is used, hashed, and of this model or refused`() async throws {
        let home = try TestHome()
        let source = try home.sampleGGUF("f16")
        let bytes = matrix((0..<192).map { $0 % 7 == 3 ? 900 : 1 })
        let file = try home.directory.write(bytes, to: "imatrix.dat")
        try await home.convert(source.string, "q4_0") { $0.name = "plain" }
        // A path of the working directory is written down as one of this machine, to be typed again anywhere.
        let up = try FileSystem.currentDirectory().components.map { _ in ".." }.joined(separator: "/")
        try await home.convert(source.string, "q4_0", "f16") {
            ($0.name, $0.importance) = ("weighted", FilePath(up + file.string))
        }
        let weighted = try home.manifest("weighted/gguf/q4_0")
        #expect(weighted.files != (try home.manifest("plain/gguf/q4_0")).files)
        #expect(weighted.conversion?.importance == Digest.of(bytes).hex)
        #expect(weighted.conversion?.options == ["--imatrix", file.string])
        #expect(try home.manifest("weighted/gguf/f16").conversion?.options == [])
        let again = try await home.convert(source.string, "q4_0") {
            ($0.name, $0.importance) = ("weighted", file)
        }
        #expect(again.map(\.wasThere) == [true])

        try home.directory.write(matrix((0..<192).map { Float($0) }), to: "imatrix.dat")
        let changed = try await home.failedConversion(source.string, "q4_0") {
            ($0.name, $0.importance) = ("weighted", file)
        }
        #expect(changed.kind == .conflict && changed.message.contains("other options"))
        try home.directory.write(matrix([1, 2, 3]), to: "imatrix.dat")
        let other = try await home.failedConversion(source.string, "q4_0") { $0.importance = file }
        #expect(other.kind == .invalid && other.message.contains("that of another model"))
        try home.directory.write("no matrix", to: "imatrix.dat")
        #expect(
            try await home.failedConversion(source.string, "q4_0") { $0.importance = file }.kind == .invalid
        )
        #expect(try home.partials().isEmpty)
    }

    @Test func `tensors get the types that were asked for`() async throws {
        let home = try TestHome()
        let source = try home.sampleGGUF("f16")
        let choices = try ["ffn_(up|down)=q8_0", "attn_q=F16"].map {
            try #require(TensorTypeChoice(parsing: $0))
        }
        let made = try await home.convert(source.string, "q4_0") { $0.tensorTypes = choices }
        var options = InspectOptions()
        options.listsTensors = true
        let read = try await Inspect(try home.reference(made[0].path), options).run(in: home.workspace()) {
            _ in
        }
        let types = Dictionary(uniqueKeysWithValues: (read.tensors ?? []).map { ($0.name, $0.type) })
        #expect(types["blk.0.ffn_up.weight"] == "q8_0" && types["blk.1.ffn_down.weight"] == "q8_0")
        #expect(types["blk.0.attn_q.weight"] == "f16" && types["blk.0.attn_k.weight"] == "q4_0")
        #expect(
            try home.manifest("tiny-llama-f16/gguf/q4_0").conversion?.options
                == ["--tensor-type", "ffn_(up|down)=q8_0", "--tensor-type", "attn_q=F16"]
        )
        let bad = try await home.failedConversion(source.string, "q8_0") {
            $0.tensorTypes = ["ffn_(=q8_0"].compactMap { TensorTypeChoice(parsing: $0) }
        }
        #expect(bad.kind == .invalid && bad.message.contains("no regular expression"))
    }

    @Test func `a card that cannot be read is told, and says nothing`() async throws {
        let home = try TestHome()
        let folder = try home.sampleFolder()
        let card = folder.appending("README.md")
        func converted(_ text: String) async throws -> (bytes: Digest, warnings: [String]) {
            try FileSystem.write(Array(text.utf8), to: card)
            let output = home.directory.appending("out.gguf")
            let reports = Reports()
            try await home.convert(folder.string, reports: reports) {
                ($0.output, $0.force) = (output, true)
                $0.preTokenizer = PreTokenizerChoice(parsing: "llama-bpe")
            }
            return (try Digest.ofFile(output), reports.warnings)
        }
        let none = try await converted("# No front matter\nlicense: mit\n")
        #expect(none.warnings.isEmpty)
        let broken = try await converted("---\nlicense: [mit\n---\n")
        #expect(broken.bytes == none.bytes && broken.warnings.count == 1)
        #expect(broken.warnings.first?.contains("README.md:") == true)
        // Norwegian is a language, a tab is two spaces, and the ends of lines may be those of another system.
        let good = try await converted("---\nlanguage:\n  - en\n  - no\nmore:\n  a: 1\n---\n")
        let odd = try await converted("---\r\nlanguage:\r\n\t- en\r\n\t- no\r\nmore:\r\n\ta: 1\r\n---\r\n")
        #expect(good.warnings.isEmpty && odd.warnings.isEmpty)
        #expect(good.bytes == odd.bytes && good.bytes != none.bytes)
    }
}
