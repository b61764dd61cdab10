import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// Files that no one here wrote, and judges who read what is written here.
@Suite(.enabled(Vocabularies.reason) { await Vocabularies.areExpected() })
struct GGUFJudgeTests {
    @Test func `llama.cpp's vocabularies are read as gguf reads them`() async throws {
        let folder = try await Vocabularies.folder.value
        let names = try FileSystem.list(folder).filter { $0.hasSuffix(".gguf") }
        #expect(names.count == 19)
        for name in names {
            let told = try FileSystem.read(folder.appending(name.dropLast(5) + ".json"), limit: 10_000_000)
            let expected = try JSON.decode(GGUFDescription.self, from: told)
            let found = try GGUFDescription(folder.appending(name))
            let tokens = expected.values.first { $0.key == "tokenizer.ggml.tokens" }
            #expect((tokens?.count ?? 0) > 30_000)
            compare(found, expected, name)
            try GGUFHeader.read(folder.appending(name)).checkStructure()
        }
    }

    @Test func `gguf reads every type of tensor and of value as it was written`() async throws {
        try await withTemporaryDirectory { directory in
            var files: [FilePath] = []
            for alignment in [8, 32, 64, 4096] {
                let path = directory.appending("\(alignment).gguf")
                try write(sample(alignment: alignment), to: path)
                files.append(path)
            }
            let told = try await Vocabularies.descriptions(of: files, newest: true)
            #expect(told.count == files.count)
            for (path, expected) in zip(files, told) {
                #expect(Set(expected.tensors.map(\.type)).count == 35)
                compare(try GGUFDescription(path), expected, path.string)
                try GGUFHeader.read(path).checkStructure()
            }
        }
    }

    @Test func `gguf reads shards as they were written`() async throws {
        try await withTemporaryDirectory { directory in
            var files: [FilePath] = []
            for number in 0..<3 {
                let path = directory.appending("model-0000\(number + 1)-of-00003.gguf")
                try FileSystem.write(GGUFBuilder.tiny(shard: (UInt16(number), 3)), to: path)
                files.append(path)
            }
            let told = try await Vocabularies.descriptions(of: files)
            for (path, expected) in zip(files, told) {
                #expect(expected.values.contains { $0.key == "split.count" && $0.bytes == "0300" })
                compare(try GGUFDescription(path), expected, path.string)
            }
            try files.map { try GGUFHeader.read($0) }.checkStructure()
        }
    }

    @Test func `a big-endian file of gguf's is read as gguf reads it`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending("big.gguf")
            try await Vocabularies.python(["-c", Self.bigEndian, path.string])
            let expected = try #require(try await Vocabularies.descriptions(of: [path]).first)
            #expect(expected.byteOrder == .bigEndian)
            #expect(expected.values.count == 14)
            compare(try GGUFDescription(path), expected, "big-endian")
        }
    }

    @Test func `a file of the first version, from the gguf of its time, is read`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending("first.gguf")
            try await Vocabularies.python(["-c", Self.first, path.string], "first")
            let header = try GGUFHeader.read(path)
            #expect(header.version == 1)
            #expect(header.architecture == "llama")
            #expect(header["llama.context_length"] == .uint32(4096))
            #expect(header["llama.rope.scale_linear"] == .float32(0.25))
            #expect(header["tokenizer.ggml.add_bos"] == .bool(true))
            #expect(
                header["tokenizer.ggml.tokens"]
                    == .array(of: .string, [.string("<unk>"), .string("né"), .string("🦙")])
            )
            #expect(
                header["tokenizer.ggml.token_type"]
                    == .array(of: .int32, [.int32(2), .int32(1), .int32(-1)])
            )
            #expect(header.tensors.map(\.name) == ["token_embd.weight", "output_norm.weight"])
            #expect(header.tensors.map(\.shape) == [[5, 3], [7]])
            #expect(header.tensors.map(\.type) == [.f32, .f16])
            #expect(header.tensors.map(\.offset) == [0, 64])
            let data = try FileSystem.read(path, limit: 10_000)
            let norm = Int(header.dataOffset + header.tensors[1].offset)
            #expect(Array(data[norm..<norm + 4]) == [0, 0x3C, 0, 0x3C])
        }
    }

    private func compare(_ found: GGUFDescription, _ expected: GGUFDescription, _ name: String) {
        #expect(found.values.map(\.key) == expected.values.map(\.key), "\(name)")
        for (found, expected) in zip(found.values, expected.values) {
            #expect(found == expected, "\(name)")
        }
        for (found, expected) in zip(found.tensors, expected.tensors) {
            #expect(found == expected, "\(name)")
        }
        #expect(found.tensors.count == expected.tensors.count, "\(name)")
        #expect(found.version == expected.version, "\(name)")
        #expect(found.byteOrder == expected.byteOrder, "\(name)")
        #expect(found.alignment == expected.alignment, "\(name)")
        #expect(found.dataOffset == expected.dataOffset, "\(name)")
    }

    private func sample(alignment: Int) throws -> GGUFFile {
        var file = GGUFFile(alignment: alignment)
        file["general.architecture"] = .string("llama")
        let values: [GGUFValue] = [
            .uint8(.max), .int8(.min), .uint16(.max), .int16(.min), .uint32(.max), .int32(.min),
            .float32(-0.1), .bool(true), .string("naïve\n🦙"), .uint64(.max), .int64(.min), .float64(1e300),
        ]
        for value in values {
            file["one.\(value.type)"] = value
            file["many.\(value.type)"] = .array(of: value.type, Array(repeating: value, count: 3))
            file["none.\(value.type)"] = .array(of: value.type, [])
        }
        let shapes = [[256], [512, 3], [256, 2, 3], [256, 1, 2, 2]]
        for type in TensorType.allCases where type.ggml != nil {
            for shape in shapes { try file.addTensor("\(type).\(shape.count)", type, shape: shape) }
        }
        return file
    }

    private func write(_ file: GGUFFile, to path: FilePath) throws {
        try file.write(to: File(path, .create)) { tensor, append in
            let bytes = [UInt8](repeating: 0x3C, count: Int(tensor.size.bytes))
            try append(bytes.span.bytes)
        }
    }
}

extension GGUFJudgeTests {
    private static let bigEndian = """
        import sys
        import numpy
        from gguf import GGUFEndian, GGUFWriter
        writer = GGUFWriter(sys.argv[1], "llama", endianess=GGUFEndian.BIG)
        writer.add_uint8("a.uint8", 255)
        writer.add_int8("a.int8", -128)
        writer.add_uint16("a.uint16", 65535)
        writer.add_int16("a.int16", -32768)
        writer.add_uint32("a.uint32", 1)
        writer.add_int32("a.int32", -2)
        writer.add_uint64("a.uint64", 3)
        writer.add_int64("a.int64", -4)
        writer.add_float32("a.float32", 0.1)
        writer.add_float64("a.float64", 0.1)
        writer.add_bool("a.bool", True)
        writer.add_array("a.texts", ["a", "né", "🦙"])
        writer.add_array("a.numbers", [1.5, -2.5])
        writer.add_tensor("a", numpy.ones((3, 5), dtype=numpy.float32))
        writer.add_tensor("b", numpy.ones((7,), dtype=numpy.float16))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        """

    private static let first = """
        import sys
        import numpy
        from gguf import GGUFWriter
        writer = GGUFWriter(sys.argv[1], "llama", use_temp_file=False)
        writer.add_uint32("llama.context_length", 4096)
        writer.add_float32("llama.rope.scale_linear", 0.25)
        writer.add_bool("tokenizer.ggml.add_bos", True)
        writer.add_array("tokenizer.ggml.tokens", ["<unk>", "né", "🦙"])
        writer.add_array("tokenizer.ggml.token_type", [2, 1, -1])
        writer.add_tensor("token_embd.weight", numpy.ones((3, 5), dtype=numpy.float32))
        writer.add_tensor("output_norm.weight", numpy.ones((7,), dtype=numpy.float16))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        """
}
