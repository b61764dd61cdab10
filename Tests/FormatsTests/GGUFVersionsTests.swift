import Formats
import Platform
import Testing

/// The versions and byte orders that files have: version 3 in the usual order is what the other tests are about.
struct GGUFVersionsTests {
    static let kinds: [(UInt32, ByteOrder)] = [
        (1, .littleEndian), (1, .bigEndian), (2, .littleEndian), (2, .bigEndian), (3, .littleEndian),
        (3, .bigEndian),
    ]

    @Test(arguments: kinds) func `the same header in each version and order reads the same`(
        version: UInt32,
        byteOrder: ByteOrder
    ) throws {
        let bytes = sample(version, byteOrder)
        let header = try GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))
        let reference = sample(3, .littleEndian)
        let usual = try GGUFHeader.parse(prefix: reference, fileSize: ByteCount(Int64(reference.count)))
        #expect(header.version == version)
        #expect(header.byteOrder == byteOrder)
        #expect(header.metadata.map(\.key) == usual.metadata.map(\.key))
        #expect(header.metadata.map(\.value) == usual.metadata.map(\.value))
        #expect(header.tensors == usual.tensors)
        #expect(header.alignment == 64)
        #expect(header.dataOffset % 64 == 0)
        #expect(header["texts"]?.array?.elements == [.string("ab"), .string(""), .string("🦙")])
        #expect(header["numbers"]?.array?.elements == [.uint16(1), .uint16(0xBEEF)])
        #expect(header["float"]?.number == -0.5)
        #expect(header["after"]?.integer == -2)
        #expect(header.tensors.map(\.shape) == [[32, 3], [8]])
        #expect(header.tensors.map(\.offset) == [0, 128])
    }

    @Test(arguments: kinds) func `an entry's bytes are those of the file`(
        version: UInt32,
        byteOrder: ByteOrder
    ) throws {
        let bytes = sample(version, byteOrder)
        let header = try GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))
        let entry = try #require(header.metadata.last)
        let expected: [UInt8] = [5, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF]
        #expect(
            Array(bytes[Int(entry.bytes.lowerBound)..<Int(entry.bytes.upperBound)])
                == (byteOrder == .littleEndian ? expected : [0, 0, 0, 5, 0xFF, 0xFF, 0xFF, 0xFE])
        )
    }

    @Test(arguments: kinds) func `an array of arrays is read`(version: UInt32, byteOrder: ByteOrder) throws {
        var raw = RawHeader(version: version, keys: 2, byteOrder)
        raw.append(key: "nested", type: 9)
        raw.append(UInt32(9))
        raw.append(word: 2)
        raw.append(UInt32(5))
        raw.append(word: 2)
        raw.append(Int32(-1))
        raw.append(Int32(7))
        raw.append(UInt32(8))
        raw.append(word: 1)
        raw.append(text: "text")
        raw.append(key: "after", type: 0)
        raw.append(UInt8(9))
        let size = ByteCount(Int64(raw.bytes.count))
        let header = try GGUFHeader.parse(prefix: raw.bytes, fileSize: size)
        let nested = GGUFValue.array(
            of: .array,
            [.array(of: .int32, [.int32(-1), .int32(7)]), .array(of: .string, [.string("text")])]
        )
        #expect(header["nested"] == nested)
        #expect(header["nested"]?.array?.isWhole == true)
        #expect(header["after"] == .uint8(9))
        let short = try GGUFHeader.parse(prefix: raw.bytes, fileSize: size, arrayLimit: 1)
        #expect(short["nested"]?.array?.elements.count == 1)
        #expect(short["nested"]?.array?.isWhole == false)
        #expect(short["after"] == .uint8(9))
        var file = GGUFFile()
        file["nested"] = nested
        let written = file.header()
        #expect(
            try GGUFHeader.parse(prefix: written, fileSize: ByteCount(Int64(written.count)))["nested"]
                == nested
        )
    }

    @Test func `names that differ in their bytes alone are different names`() throws {
        var raw = RawHeader(keys: 2)
        for key in ["caf\u{E9}", "cafe\u{301}"] {
            raw.append(key: key, type: 0)
            raw.append(UInt8(1))
        }
        let header = try GGUFHeader.parse(prefix: raw.bytes, fileSize: ByteCount(Int64(raw.bytes.count)))
        #expect(header.metadata.count == 2)
    }

    @Test func `a long array takes no more room than in the file`() throws {
        var file = GGUFFile()
        file["numbers"] = .array(of: .uint8, (0..<100_000).map { .uint8(UInt8(truncatingIfNeeded: $0)) })
        let bytes = file.header()
        let header = try GGUFHeader.parse(
            prefix: bytes,
            fileSize: ByteCount(Int64(bytes.count)),
            arrayLimit: .max
        )
        let array = try #require(header["numbers"]?.array)
        #expect(array.isWhole)
        #expect(array.elements[99_999] == .uint8(UInt8(99_999 % 256)))
        #expect(file["numbers"]?.array == array)
    }

    private func sample(_ version: UInt32, _ byteOrder: ByteOrder) -> [UInt8] {
        var header = RawHeader(version: version, tensors: 2, keys: 6, byteOrder)
        header.append(key: "general.architecture", type: 8)
        header.append(text: "llama")
        header.append(key: "general.alignment", type: 4)
        header.append(UInt32(64))
        header.append(key: "texts", type: 9)
        header.append(UInt32(8))
        header.append(word: 3)
        for text in ["ab", "", "🦙"] { header.append(text: text) }
        header.append(key: "numbers", type: 9)
        header.append(UInt32(2))
        header.append(word: 2)
        for number in [1, 0xBEEF] as [UInt16] { header.append(number) }
        header.append(key: "float", type: 12)
        header.append(Double(-0.5).bitPattern)
        header.append(key: "after", type: 5)
        header.append(Int32(-2))
        header.append(tensor: "a", type: 8, shape: [32, 3])
        header.append(tensor: "b", type: 0, shape: [8], offset: 128)
        return header.with(data: 256)
    }
}
