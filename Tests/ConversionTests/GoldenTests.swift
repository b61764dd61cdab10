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
            _ = try model.write(to: { _ in path })
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
            let model = GoldenModel(name: "tiny-llama-spm-3M-f16")
            let shards = try model.write(to: { folder.appending("part-\($0).gguf") }, tensorsOfFile: 20)
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
