import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

struct GGUFMalformedTests {
    @Test(arguments: [
        "<!DOCTYPE html><html><head>", "<html lang=en>", "\n  <!doctype HTML>", "\u{FEFF}<html>",
    ]) func `a web page is called one`(text: String) {
        expect(Array(text.utf8), .webPage)
    }

    @Test func `a pointer of Git LFS is called one`() {
        expect(
            Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n".utf8),
            .pointerFile
        )
    }

    @Test func `another beginning is named by its bytes`() {
        expect(Array("PK\u{3}\u{4}and more of an archive".utf8), .unknownMagic([0x50, 0x4B, 3, 4]))
        expect(RawHeader(magic: "ggjt").bytes, .unknownMagic(Array("ggjt".utf8)))
    }

    @Test(arguments: [0, 4, 99, 4 << 24, 1 << 16] as [UInt32])
    func `another version is refused`(version: UInt32) {
        let number = version & 0xFFFF == 0 ? version.byteSwapped : version
        expect(RawHeader(version: version).bytes, .unsupportedVersion(number))
    }

    @Test func `a file that ends in its header is truncated`() throws {
        let bytes = try GGUFBuilder.tiny()
        let header = try GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))
        for count in 0..<bytes.count {
            let cut = Array(bytes.prefix(count))
            #expect {
                try GGUFHeader.parse(prefix: cut, fileSize: ByteCount(Int64(count)))
            } throws: { error in
                switch error as? FormatError {
                case .truncated(let needed, let actual): needed > count && actual == count
                case .invalid(.count, _): count < header.dataOffset
                default: false
                }
            }
        }
    }

    @Test func `a download that was cut says how much is missing`() throws {
        let bytes = try GGUFBuilder.tiny()
        let expected = Int64(bytes.count)
        let cut = FormatError.truncated(needed: expected, actual: expected - 4000)
        expect(Array(bytes.dropLast(4000)), .truncated(needed: expected, actual: expected - 4000))
        #expect(cut.description.hasSuffix(": 4000 are missing"))
    }

    @Test func `counts that the file has no room for are refused`() {
        expect(RawHeader(tensors: .max).bytes, .invalid(.count(.max), offset: 8))
        expect(RawHeader(keys: 1).bytes, .invalid(.count(1), offset: 16))
        let large = ByteCount(1 << 40)
        for (header, flaw) in [
            (RawHeader(tensors: 1 << 19), FormatError.invalid(.count(1 << 19), offset: 8)),
            (RawHeader(keys: 1 << 17), .invalid(.count(1 << 17), offset: 16)),
        ] {
            #expect(throws: flaw) { try GGUFHeader.parse(prefix: header.bytes, fileSize: large) }
        }
    }

    @Test func `a header that goes on for gigabytes is refused`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending("long.gguf")
            var header = RawHeader(keys: 1)
            header.append(key: "key", type: 9)
            header.append(UInt32(0))
            header.append(word: 3 << 30)
            let file = try File(path, .create)
            try file.write(header.bytes, at: 0)
            try file.truncate(to: ByteCount(Int64(4) << 30))
            let end = Int64(header.bytes.count) + (3 << 30)
            #expect(throws: FormatError.invalid(.headerLength(end), offset: 35)) { try GGUFHeader.read(path) }
        }
    }

    @Test func `keys are checked`() {
        var empty = RawHeader(keys: 1)
        empty.append(key: "", type: 0)
        empty.append(UInt64(0))
        expect(empty.bytes, .invalid(.emptyName, offset: 24))

        var twice = RawHeader(keys: 2)
        for _ in 0..<2 {
            twice.append(key: "key", type: 0)
            twice.append(UInt8(0))
        }
        expect(twice.bytes, .invalid(.duplicate("key"), offset: 40))

        var unknown = RawHeader(keys: 1)
        unknown.append(key: "key", type: 13)
        expect(unknown.bytes, .invalid(.valueType(13), offset: 35))

        var long = RawHeader(keys: 1)
        long.append(UInt64(65_536))
        long.append(UInt64(0))
        expect(long.bytes, .invalid(.textLength(65_536), offset: 24))
    }

    @Test func `strings and arrays are checked`() {
        var long = RawHeader(keys: 1)
        long.append(key: "key", type: 8)
        long.append(UInt64.max)
        expect(long.bytes, .invalid(.textLength(.max), offset: 39))

        var beyond = RawHeader(keys: 1)
        beyond.append(key: "key", type: 8)
        beyond.append(UInt64(100))
        expect(beyond.bytes, .truncated(needed: 147, actual: 47))

        var nested = RawHeader(keys: 1)
        nested.append(key: "key", type: 9)
        for _ in 0..<1000 {
            nested.append(UInt32(9))
            nested.append(UInt64(1))
        }
        expect(nested.bytes, .invalid(.depth(key: "key"), offset: 39 + 7 * 12))

        var many = RawHeader(keys: 1)
        many.append(key: "key", type: 9)
        many.append(UInt32(10))
        many.append(UInt64(1) << 61)
        expect(many.bytes, .invalid(.count(1 << 61), offset: 43))

        var strings = RawHeader(keys: 1)
        strings.append(key: "key", type: 9)
        strings.append(UInt32(8))
        strings.append(UInt64(1))
        strings.append(UInt64.max - 1)
        let skipping = {
            try GGUFHeader.parse(prefix: $0, fileSize: ByteCount(Int64($0.count)), arrayLimit: 0)
        }
        #expect(throws: FormatError.truncated(needed: .max, actual: 59)) { try skipping(strings.bytes) }
    }

    @Test(arguments: [0, 3, 33, 0x8000_0001] as [UInt32])
    func `an alignment that is no power of two is refused`(alignment: UInt32) {
        var header = RawHeader(keys: 1)
        header.append(key: "general.alignment", type: 4)
        header.append(alignment)
        expect(header.bytes, .invalid(.alignment(UInt64(alignment)), offset: 49))
    }

    @Test func `an alignment of another type is refused`() {
        var header = RawHeader(keys: 1)
        header.append(key: "general.alignment", type: 10)
        header.append(UInt64(32))
        expect(header.bytes, .invalid(.keyType(key: "general.alignment"), offset: 49))
    }

    @Test func `names of tensors are checked`() {
        var long = RawHeader(tensors: 1)
        long.append(tensor: String(repeating: "n", count: 64))
        expect(long.with(data: 32), .invalid(.textLength(64), offset: 24))

        var empty = RawHeader(tensors: 1)
        empty.append(tensor: "")
        expect(empty.with(data: 32), .invalid(.emptyName, offset: 24))

        var twice = RawHeader(tensors: 2)
        twice.append(tensor: "a")
        twice.append(tensor: "a", offset: 32)
        expect(twice.with(data: 64), .invalid(.duplicate("a"), offset: 57))
    }

    @Test func `shapes of tensors are checked`() {
        expect(tensor(shape: [1, 1, 1, 1, 1]), .invalid(.dimensions(tensor: "a", count: 5), offset: 24))
        expect(tensor(shape: [.max]), .invalid(.shape(tensor: "a"), offset: 24))
        expect(tensor(shape: [1 << 32, 1 << 32]), .invalid(.shape(tensor: "a"), offset: 24))
        expect(tensor(shape: [1 << 62]), .invalid(.shape(tensor: "a"), offset: 24))
        expect(tensor(type: 8, shape: [33]), .invalid(.partialBlock(tensor: "a"), offset: 24))
        expect(tensor(type: 12, shape: []), .invalid(.partialBlock(tensor: "a"), offset: 24))
    }

    @Test(arguments: [(4, "q4_2"), (31, "q4_0_4_4"), (43, "43"), (.max, "4294967295")] as [(UInt32, String)])
    func `types that ggml does not read are named`(type: UInt32, name: String) {
        expect(tensor(type: type, shape: [32]), .unsupportedTensorType(tensor: "a", type: name, offset: 24))
    }

    @Test func `what a newer program might read is told from what none would`() {
        #expect(FormatError.unsupportedVersion(4).mayBeNewer)
        #expect(!FormatError.unsupportedVersion(1).mayBeNewer)
        #expect(!FormatError.unsupportedVersion(0x6874_6D6C).mayBeNewer)
        #expect(FormatError.unsupportedTensorType(tensor: "a", type: "43", offset: 0).mayBeNewer)
        #expect(!FormatError.unsupportedTensorType(tensor: "a", type: "q4_2", offset: 0).mayBeNewer)
        #expect(!FormatError.unsupportedTensorType(tensor: "a", type: "4294967295", offset: 0).mayBeNewer)
        #expect(FormatError.unsupportedTensorType(tensor: "a", type: "F12", offset: 0).mayBeNewer)
        #expect(FormatError.invalid(.valueType(13), offset: 0).mayBeNewer)
        #expect(FormatError.invalid(.dimensions(tensor: "a", count: 5), offset: 0).mayBeNewer)
        #expect(!FormatError.invalid(.dimensions(tensor: "a", count: 1 << 31), offset: 0).mayBeNewer)
        #expect(!FormatError.truncated(needed: 2, actual: 1).mayBeNewer)
        #expect(!FormatError.invalid(.gap(before: "a"), offset: 0).mayBeNewer)
    }

    @Test func `places of tensors are checked`() {
        expect(tensor(shape: [8], offset: 16), .invalid(.misaligned(tensor: "a"), offset: 24))
        expect(tensor(shape: [8], offset: 64), .truncated(needed: 160, actual: 128))
        expect(tensor(shape: [8], offset: 1 << 63), .truncated(needed: .max, actual: 128))
        expect(tensor(shape: [8], offset: (1 << 63) - 32), .truncated(needed: .max, actual: 128))

        var overlapping = RawHeader(tensors: 2)
        overlapping.append(tensor: "a", shape: [16])
        overlapping.append(tensor: "b", shape: [8], offset: 32)
        expect(overlapping.with(data: 128), .invalid(.overlap(tensor: "b", with: "a"), offset: 57))
    }

    @Test func `a folder is no GGUF`() async throws {
        try await withTemporaryDirectory { directory in
            #expect {
                try GGUFHeader.read(directory.path)
            } throws: { error in
                if case .system(let reason)? = error as? FormatError {
                    reason.errno == .isDirectory
                } else {
                    false
                }
            }
            #expect {
                try GGUFHeader.read(directory.appending("none"))
            } throws: { error in
                if case .system(let reason)? = error as? FormatError { reason.isNotFound } else { false }
            }
        }
    }

    private func tensor(type: UInt32 = 0, shape: [UInt64], offset: UInt64 = 0) -> [UInt8] {
        var header = RawHeader(tensors: 1)
        header.append(tensor: "a", type: type, shape: shape, offset: offset)
        return header.with(data: 64)
    }

    private func expect(
        _ bytes: [UInt8],
        _ error: FormatError,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: error, sourceLocation: sourceLocation) {
            try GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))
        }
    }

    @Test func `what is passed over must be at hand too`() throws {
        var file = GGUFFile()
        let texts = (0..<20).map { GGUFValue.string($0 == 19 ? String(repeating: "x", count: 5000) : "t") }
        file["tokenizer.ggml.tokens"] = .array(of: .string, texts)
        let bytes = file.header()
        let size = ByteCount(Int64(bytes.count))
        let header = try GGUFHeader.parse(prefix: bytes, fileSize: size, arrayLimit: 4)
        #expect(header.metadata.count == 1)
        for count in [0, 30, 100, bytes.count - 4000, bytes.count - 40] {
            #expect {
                try GGUFHeader.parse(prefix: Array(bytes.prefix(count)), fileSize: size, arrayLimit: 4)
            } throws: { error in
                if case FormatError.incomplete(let needed) = error { needed > count } else { false }
            }
        }
    }
}
