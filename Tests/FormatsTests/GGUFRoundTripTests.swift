import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

struct GGUFRoundTripTests {
    @Test func `every type of value comes back as it was written`() throws {
        let values: [(String, GGUFValue)] = [
            ("a.uint8", .uint8(.max)), ("a.int8", .int8(.min)), ("a.uint16", .uint16(.max)),
            ("a.int16", .int16(.min)), ("a.uint32", .uint32(.max)), ("a.int32", .int32(.min)),
            ("a.float32", .float32(-0.1)), ("a.bool", .bool(true)), ("a.string", .string("naïve\n🦙")),
            ("a.uint64", .uint64(.max)), ("a.int64", .int64(.min)), ("a.float64", .float64(1e300)),
            ("a.strings", .array(of: .string, [.string(""), .string("b")])),
            ("a.numbers", .array(of: .int16, [.int16(-1), .int16(2)])),
            ("a.nothing", .array(of: .float32, [])),
        ]
        var file = GGUFFile()
        for (key, value) in values { file[key] = value }
        let header = try parse(GGUFBuilder.bytes(of: file))
        #expect(header.metadata.map(\.key) == values.map(\.0))
        #expect(header.metadata.map(\.value) == values.map(\.1))
    }

    @Test func `an entry knows where its bytes lie`() throws {
        var file = GGUFFile()
        file["general.architecture"] = .string("llama")
        file["a"] = .uint16(0xBEEF)
        let bytes = GGUFBuilder.bytes(of: file)
        let entry = try #require(try parse(bytes).metadata.last)
        #expect(
            Array(bytes[Int(entry.bytes.lowerBound)..<Int(entry.bytes.upperBound)]) == [
                2, 0, 0, 0, 0xEF, 0xBE,
            ]
        )
    }

    @Test func `tensors come back with their places`() throws {
        var file = GGUFFile()
        try file.addTensor("a", .f32, shape: [3])
        try file.addTensor("b", .q4_K, shape: [256, 2, 3])
        try file.addTensor("empty", .f16, shape: [0, 4])
        let bytes = GGUFBuilder.bytes(of: file)
        let header = try parse(bytes)
        #expect(header.tensors == file.tensors)
        #expect(header.tensors.map(\.offset) == [0, 32, 896])
        #expect(header.tensors.map(\.size) == [12, 864, 0])
        #expect(header.dataOffset % 32 == 0)
        #expect(header.parameters == 3 + 1536)
    }

    @Test(arguments: [1, 8, 32, 64, 4096]) func `an alignment holds for header and tensors`(alignment: Int)
        throws
    {
        var file = GGUFFile(alignment: alignment)
        try file.addTensor("a", .i8, shape: [5])
        try file.addTensor("b", .i8, shape: [5])
        let header = try parse(GGUFBuilder.bytes(of: file))
        #expect(header.alignment == alignment)
        #expect(header.dataOffset % Int64(alignment) == 0)
        #expect(header.tensors[1].offset == Int64(max(5, (5 + alignment - 1) / alignment * alignment)))
    }

    @Test func `a file is written in pieces and filled up to the alignment`() async throws {
        try await withTemporaryDirectory { directory in
            var file = GGUFFile()
            try file.addTensor("a", .i8, shape: [40])
            try file.addTensor("b", .i8, shape: [3])
            let path = directory.appending("a.gguf")
            try file.write(to: File(path, .create)) { tensor, append in
                let piece = [UInt8](repeating: tensor.name == "a" ? 1 : 2, count: 1)
                for _ in 0..<tensor.size.bytes { try append(piece.span.bytes) }
            }
            let expected = GGUFBuilder.bytes(of: file) {
                [UInt8](repeating: $0.name == "a" ? 1 : 2, count: Int($0.size.bytes))
            }
            #expect(try FileSystem.read(path) == expected)
            #expect(try GGUFHeader.read(path).tensors == file.tensors)
        }
    }

    @Test(arguments: [0, 7, 9]) func `a tensor with too few or too many bytes is refused`(count: Int)
        async throws
    {
        try await withTemporaryDirectory { directory in
            var file = GGUFFile()
            try file.addTensor("a", .i8, shape: [8])
            let output = try File(directory.appending("a.gguf"), .create)
            #expect(throws: FormatError.invalid(.size(tensor: "a"), offset: 64)) {
                try file.write(to: output) { _, append in
                    let piece = [UInt8](repeating: 0, count: count)
                    try append(piece.span.bytes)
                }
            }
        }
    }

    @Test func `a key that is set again keeps its place`() throws {
        var file = GGUFFile()
        file["a"] = .uint32(1)
        file["b"] = .uint32(2)
        file["c"] = .uint32(3)
        file["a"] = .uint32(4)
        file["b"] = nil
        file["c"] = .uint32(5)
        let header = try parse(GGUFBuilder.bytes(of: file))
        #expect(header.metadata.map(\.key) == ["a", "c"])
        #expect(header["a"] == .uint32(4))
        #expect(header["c"] == .uint32(5))
    }

    @Test func `the writer refuses tensors that no reader would take`() throws {
        var file = GGUFFile()
        try file.addTensor("a", .f16, shape: [2])
        #expect(throws: FormatError.invalid(.duplicate("a"), offset: 0)) {
            try file.addTensor("a", .f16, shape: [2])
        }
        #expect(throws: FormatError.invalid(.emptyName, offset: 0)) {
            try file.addTensor("", .f16, shape: [2])
        }
        #expect(throws: FormatError.invalid(.textLength(64), offset: 0)) {
            try file.addTensor(String(repeating: "n", count: 64), .f16, shape: [2])
        }
        #expect(throws: FormatError.invalid(.partialBlock(tensor: "q"), offset: 0)) {
            try file.addTensor("q", .q8_0, shape: [33])
        }
        #expect(throws: FormatError.invalid(.shape(tensor: "s"), offset: 0)) {
            try file.addTensor("s", .f16, shape: [.max, 2])
        }
        #expect(throws: FormatError.unsupportedTensorType(tensor: "u", type: "u8", offset: 0)) {
            try file.addTensor("u", .u8, shape: [2])
        }
        #expect(file.tensors.count == 1)
    }

    @Test func `a long array is counted and only its beginning kept`() throws {
        var file = GGUFFile()
        file["tokens"] = .array(of: .string, (0..<150_000).map { .string("token \($0)") })
        file["scores"] = .array(of: .float32, (0..<150_000).map { .float32(Float($0)) })
        file["after"] = .bool(true)
        let bytes = GGUFBuilder.bytes(of: file)
        let header = try GGUFHeader.parse(
            prefix: bytes,
            fileSize: ByteCount(Int64(bytes.count)),
            arrayLimit: 8
        )
        let tokens = try #require(header["tokens"]?.array)
        #expect(tokens.count == 150_000)
        #expect(!tokens.isWhole)
        #expect(tokens.elements.last == .string("token 7"))
        #expect(header["scores"]?.array?.elements.count == 8)
        #expect(header["after"] == .bool(true))
        let whole = try GGUFHeader.parse(
            prefix: bytes,
            fileSize: ByteCount(Int64(bytes.count)),
            arrayLimit: .max
        )
        #expect(whole["tokens"]?.array?.isWhole == true)
        #expect(whole["tokens"]?.array?.elements.last == .string("token 149999"))
    }

    @Test func `a header is read from as little of the file as it takes`() throws {
        let bytes = try GGUFBuilder.tiny()
        let size = ByteCount(Int64(bytes.count))
        let whole = try GGUFHeader.parse(prefix: bytes, fileSize: size)
        #expect(
            try GGUFHeader.parse(prefix: Array(bytes.prefix(Int(whole.dataOffset))), fileSize: size).tensors
                == whole.tensors
        )
        for count in 0..<Int(whole.dataOffset) - 32 {
            #expect {
                try GGUFHeader.parse(prefix: Array(bytes.prefix(count)), fileSize: size)
            } throws: { error in
                if case .incomplete(let needed)? = error as? FormatError { needed > count } else { false }
            }
        }
    }

    @Test func `the types of ggml have its numbers and blocks`() {
        let known = TensorType.allCases.filter { $0.ggml != nil }
        #expect(known.count == 35)
        for type in known { #expect(type.ggml.flatMap(TensorType.init(ggml:)) == type) }
        let bits = known.map { ($0, $0.bitsPerElement) }
        #expect(bits.allSatisfy { $0.1 > 1 && $0.1 <= 64 })
        #expect(TensorType.q4_K.bitsPerElement == 4.5)
        #expect(TensorType.q6_K.bitsPerElement == 6.5625)
        #expect(TensorType.mxfp4.bitsPerElement == 4.25)
    }

    private func parse(_ bytes: [UInt8]) throws -> GGUFHeader {
        try GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))
    }
}
