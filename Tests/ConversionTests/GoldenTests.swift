import Conversion
import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// Whole files against those that llama.cpp's own tools made.
struct GoldenTests {
    @Test(arguments: GoldenModel.all.map(\.name))
    func `every target equals the reference, all made in one pass`(name: String) async throws {
        let model = try #require(GoldenModel.all.first { $0.name == name })
        try await withTemporaryDirectory { folder in
            let path = folder.appending("source.gguf")
            try model.write(to: path)
            #expect(try Digest.ofFile(path).hex == GoldenModel.sums["\(name).gguf"])
            let targets = QuantizationTarget.allCases.filter {
                GoldenModel.sums["\(name)-\($0.rawValue.uppercased()).gguf"] != nil
            }
            try #require(targets.count == (name.hasSuffix("f32") ? 4 : 17))
            let outputs = targets.map {
                QuantizationOutput($0, paths: [folder.appending("\($0.rawValue).gguf")])
            }
            _ = try Quantizer(try GGUFSource([path])).run(outputs)
            for output in outputs {
                let sum = try Digest.ofFile(output.paths[0]).hex
                #expect(
                    sum == GoldenModel.sums["\(name)-\(output.target.rawValue.uppercased()).gguf"],
                    "\(output.target)"
                )
            }
        }
    }

    @Test func `a model in several files is merged or stays in several files`() async throws {
        try await withTemporaryDirectory { folder in
            let model = GoldenModel(name: "tiny-llama-spm-3M-f16", rounding: .bf16)
            let shards = try SplitModel.write(model, tensorsOfFile: 20, to: folder)
            let names = (1...3).map { "0000\($0)-of-00003.gguf" }
            for (shard, name) in zip(shards, names) {
                let sum = try Digest.ofFile(shard).hex
                try #require(sum == GoldenModel.sums["tiny-llama-spm-3M-split-f16-\(name)"])
            }
            // In another order than they belong.
            let source = try GGUFSource([shards[2], shards[0], shards[1]])
            let merged = QuantizationOutput(.q4_k_m, paths: [folder.appending("merged.gguf")])
            _ = try Quantizer(source).run([merged])
            #expect(
                try Digest.ofFile(merged.paths[0]).hex
                    == GoldenModel.sums["tiny-llama-spm-3M-merged-Q4_K_M.gguf"]
            )
            let kept = QuantizationOutput(.q4_k_m, paths: names.map { folder.appending($0) })
            _ = try Quantizer(source, options: .init(keepsSplits: true)).run([kept])
            for (path, name) in zip(kept.paths, names) {
                let sum = try Digest.ofFile(path).hex
                #expect(sum == GoldenModel.sums["tiny-llama-spm-3M-keepsplit-Q4_K_M-\(name)"])
            }
        }
    }
}

/// A golden model in several files.
private enum SplitModel {
    static func write(_ model: GoldenModel, tensorsOfFile: Int, to folder: TemporaryDirectory) throws
        -> [FilePath]
    {
        let whole = folder.appending("whole.gguf")
        // Its weights are those of the model in the other type; only the type of the file differs.
        try GoldenModel(name: "tiny-llama-spm-3M-bf16", rounding: .bf16).write(to: whole)
        let half = folder.appending("half.gguf")
        _ = try Quantizer(try GGUFSource([whole])).run([QuantizationOutput(.f16, paths: [half])])
        let original = try GGUFHeader.read(whole, arrayLimit: .max)
        let header = try GGUFHeader.read(half, arrayLimit: .max)
        let file = try File(half, .read)
        let byName = Dictionary(uniqueKeysWithValues: header.tensors.map { ($0.name, $0) })
        let count = (original.tensors.count + tensorsOfFile - 1) / tensorsOfFile
        return try (0..<count).map { number in
            var part = GGUFFile()
            for entry in original.metadata where number == 0 {
                part[entry.key] = entry.key == "general.file_type" ? .uint32(1) : entry.value
            }
            part["split.no"] = .uint16(UInt16(number))
            part["split.count"] = .uint16(UInt16(count))
            part["split.tensors.count"] = .int32(Int32(original.tensors.count))
            for tensor in original.tensors.dropFirst(number * tensorsOfFile).prefix(tensorsOfFile) {
                try part.addTensor(tensor.name, tensor.type == .f32 ? .f32 : .f16, shape: tensor.shape)
            }
            let path = folder.appending("part-\(number).gguf")
            let bytes = GGUFBuilder.bytes(of: part) { tensor in
                guard let from = byName[tensor.name] else { return [] }
                let start = header.dataOffset + from.offset
                return (try? file.read(at: start, count: Int(from.size.bytes))) ?? []
            }
            try FileSystem.write(bytes, to: path)
            return path
        }
    }
}
