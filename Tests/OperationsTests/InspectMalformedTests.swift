import Formats
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// What is said of files that are no models, or broken ones.
struct InspectMalformedTests {
    private let home: TestHome

    init() throws { home = try TestHome() }

    private func header(_ parts: [UInt64], _ tail: [UInt8] = []) -> [UInt8] {
        Array("GGUF".utf8) + [3, 0, 0, 0] + parts.flatMap { little($0) } + tail
    }

    private func little(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private func failure(_ bytes: [UInt8], _ name: String = "m.gguf") async throws -> Failure {
        let file = try home.directory.write(bytes, to: name)
        return try await home.failedInspect(file.string)
    }

    @Test func `what is often saved in the place of a model is told by its name`() async throws {
        let page = try await failure(Array("<!DOCTYPE html><html>login</html>".utf8))
        #expect((page.kind, page.message) == (.invalid, "`m.gguf` is a web page, not a model file"))
        let pointer = try await failure(Array("version https://git-lfs.github.com/spec/v1\noid".utf8))
        #expect(pointer.message == "`m.gguf` is a Git LFS pointer, not the file itself")
        #expect(pointer.hint?.contains("git lfs pull") == true)
        #expect(try await failure([]).message == "`m.gguf` is empty")
        let pickle = try await failure(Array("PK\u{3}\u{4}aaaaaaaaaaaa".utf8), "model.bin")
        #expect(pickle.message.hasSuffix("at byte 0 it has 50 4b 03 04"))
        #expect([page, pointer, pickle].allSatisfy { $0.kind == .invalid })
    }

    @Test func `what contradicts itself is told with its place`() async throws {
        let many = try await failure(header([.max, 0]))
        #expect((many.kind, many.message.contains("(at byte 8)")) == (.invalid, true))
        let keys = try await failure(header([0, 1 << 40]))
        #expect(keys.message.contains("(at byte 16)"))
        let key = little(UInt64(1)) + Array("k".utf8) + little(UInt32(99)) + [UInt8](repeating: 0, count: 16)
        #expect(try await failure(header([0, 1], key)).message.contains("(at byte 33)"))
        let long = header([0, 1], little(UInt64.max / 2) + [UInt8](repeating: 0, count: 32))
        #expect(try await failure(long).message.contains("(at byte 24)"))
        let tensors = try await failure(little(UInt64.max / 2) + Array("{ }".utf8), "m.safetensors")
        #expect((tensors.kind, tensors.message.contains("(at byte 0)")) == (.invalid, true))
        let json = try await failure(little(UInt64(9)) + Array(#"{"a": 17}"#.utf8), "m.safetensors")
        #expect((json.kind, json.message.contains("(at byte ")) == (.invalid, true), "\(json)")
    }

    @Test func `a file that was cut short is told where it ends and what it lacks`() async throws {
        let whole = try GGUFBuilder.tiny()
        let cut = try await failure(Array(whole.dropLast(1000)))
        #expect(cut.kind == .invalid)
        #expect(cut.message.contains("ends at byte \(whole.count - 1000)"))
        #expect(cut.message.contains("1000 bytes more"))
    }

    @Test(.timeLimit(.minutes(1))) func `a pipe is not waited for, and a folder without a model is none`()
        async throws
    {
        let pipe = home.directory.appending("m.gguf").string
        _ = try await BinaryRun.run("/usr/bin/mkfifo", [pipe])
        #expect(try await home.failedInspect(pipe).kind == .invalid)
        #expect(try await home.failedInspect("/dev/zero").kind == .invalid)
        try home.directory.write("x", to: "folder/notes.txt")
        #expect(try await home.failedInspect(home.directory.appending("folder").string).kind == .notFound)
        #expect(
            try await home.failedInspect(home.directory.appending("absent.gguf").string).kind == .notFound
        )
        let folder = home.directory.appending("safe")
        try home.directory.write(try SampleModel.safetensors(), to: "safe/model.safetensors")
        _ = try await BinaryRun.run("/usr/bin/mkfifo", [folder.appending("config.json").string])
        #expect(try await home.failedInspect(folder.string).kind == .failed)
    }

    @Test func `what engines demand of the places of tensors is demanded here`() async throws {
        var bytes = try GGUFBuilder.tiny()
        let name = try #require(bytes.firstRange(of: Array("blk.0.attn_q.weight".utf8)))
        // The number of dimensions, two of them, and the type come before the offset.
        let place = name.upperBound + 4 + 16 + 4
        bytes.replaceSubrange(place..<place + 8, with: little(UInt64(288)))
        let gap = try await failure(bytes + [UInt8](repeating: 0, count: 32))
        #expect((gap.kind, gap.message.contains("blk.0.attn_q.weight")) == (.invalid, true), "\(gap)")
    }

    /// A header without tensors, of any version and byte order, with so many tokens.
    private func vocabulary(_ version: UInt32, isBigEndian: Bool, tokens: Int) -> [UInt8] {
        func number(_ value: some FixedWidthInteger) -> [UInt8] {
            isBigEndian ? little(value).reversed() : little(value)
        }
        func length(_ value: Int) -> [UInt8] {
            version == 1 ? number(UInt32(value)) : number(UInt64(value))
        }
        func text(_ value: String) -> [UInt8] { length(value.utf8.count) + Array(value.utf8) }
        var bytes = Array("GGUF".utf8) + number(version) + length(0) + length(2)
        bytes += text("tokenizer.ggml.tokens") + number(UInt32(9)) + number(UInt32(8)) + length(tokens)
        for token in 0..<tokens { bytes += text("token \(token)") }
        bytes += text("tokenizer.ggml.eos_token_id") + number(UInt32(4)) + number(UInt32(tokens - 1))
        return bytes + [UInt8](repeating: 0, count: 32)
    }

    @Test(
        arguments: [(1, false), (1, true), (2, false), (2, true), (3, false), (3, true)] as [(UInt32, Bool)]
    )
    func `files of another age or for other machines are read, and said to be for no engine`(
        version: UInt32,
        isBigEndian: Bool
    ) async throws {
        let bytes = vocabulary(version, isBigEndian: isBigEndian, tokens: 3000)
        let file = try home.directory.write(bytes, to: "old.gguf")
        let reports = Reports()
        let model = try await home.inspect(file.string, reports: reports)
        #expect((model.version, model.kind) == (Int(version), "vocabulary"))
        #expect(model.header.byteOrder == (isBigEndian ? "big-endian" : nil))
        #expect(model.tokenizer?.specialTokens.map(\.text) == ["token 2999"])
        let isLoaded = version > 1 && !isBigEndian
        #expect(reports.warnings.map { $0.contains("engines do not load it") } == (isLoaded ? [] : [true]))
    }

    // MARK: JSON

    private func json(_ model: InspectedModel) throws -> String {
        String(decoding: try JSON.encode(model.metadata), as: UTF8.self)
    }

    @Test func `every value has a JSON, and no number is changed on the way`() async throws {
        let gguf = try vocabularyGGUF(
            tokens: 64,
            more: [
                ("a.most", .uint64(.max)), ("a.least", .int64(.min)), ("a.tenth", .float32(0.1)),
                ("a.third", .float64(1.0 / 3)), ("a.nan", .float32(.nan)),
                ("a.infinite", .float64(-.infinity)), ("a.yes", .bool(true)),
                ("a.scores", .array(of: .float32, [.float32(.infinity), .float32(2)])),
                ("a.empty", .array(of: .string, [])),
                ("a.sixtyfive", .array(of: .uint8, (0..<65).map { .uint8($0) })),
            ]
        )
        let file = try home.writeHollow(gguf, to: "w.gguf")
        let text = try json(try await home.inspect(file.string))
        for line in [
            "\"a.most\" : 18446744073709551615", "\"a.least\" : -9223372036854775808", "\"a.tenth\" : 0.1,",
            "\"a.third\" : 0.3333333333333333", "\"a.nan\" : \"NaN\"", "\"a.infinite\" : \"-Infinity\"",
            "\"a.yes\" : true",
        ] {
            #expect(text.contains(line))
        }
        let document = try JSON.decode([String: Whatever].self, from: Array(text.utf8))
        #expect(document["a.empty"]?.count == 0)
        #expect(document["a.scores"]?.count == 2)
        #expect(document["tokenizer.ggml.tokens"]?.count == 64)
        #expect(document["a.sixtyfive"]?.beginning?.count == 65)
        #expect(document["a.sixtyfive"]?.beginning?.first == Array(0..<8))
        let full = try json(try await home.inspect(file.string) { $0.isFull = true })
        let whole = try JSON.decode([String: Whatever].self, from: Array(full.utf8))
        #expect(whole["a.sixtyfive"]?.count == 65)
    }

    @Test func `bytes that are no text become one that is`() async throws {
        let gguf = try vocabularyGGUF(tokens: 4, more: [("a.text", .string("XXXX"))])
        var bytes = GGUFBuilder.bytes(of: gguf)
        let place = try #require(bytes.firstRange(of: Array("XXXX".utf8)))
        bytes.replaceSubrange(place, with: [0xFF, 0xC0, 0x1B, 0x22])
        let file = try home.directory.write(bytes, to: "w.gguf")
        let text = try json(try await home.inspect(file.string))
        #expect(text.contains("\"a.text\" : \"\u{FFFD}\u{FFFD}\\u001b\\\"\""), "\(text)")
        _ = try JSON.decode([String: Whatever].self, from: Array(text.utf8))
    }

    /// Any value; of lists what tells whether they are whole.
    private struct Whatever: Decodable {
        struct Beginning: Decodable {
            let count: Int
            let first: [Int]
        }

        private struct Element: Decodable { init(from decoder: any Decoder) throws {} }

        let count: Int?
        let beginning: Beginning?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            count = (try? container.decode([Element].self))?.count
            beginning = try? container.decode(Beginning.self)
        }
    }
}
