import Conversion
import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// Weights for the columns of tensors.
struct ImportanceTests {
    private static let dense = SmallModel()
    private static let experts = SmallModel(heads: 4, sharedHeads: 4, experts: 8, type: .bf16)
    private static let odd = SmallModel(layers: 4, heads: 1, sharedHeads: 1, columns: 96)

    /// The sums of what llama-quantize b11434 (x86-64, its ggml-base as it is built by default) makes of the same
    /// files with `--imatrix m.dat` or `--imatrix m.gguf`.
    private static let sums = GoldenModel.readSums("IMPORTANCE-SHA256SUMS")

    @Test(arguments: ["dense", "experts", "odd"])
    func `files quantized with weights equal the reference`(name: String) async throws {
        let model = ["dense": Self.dense, "experts": Self.experts, "odd": Self.odd][name] ?? Self.dense
        try await withTemporaryDirectory { folder in
            let source = try GGUFSource([try folder.write(model.bytes(), to: "source.gguf")])
            let isLegacy = name != "experts"
            let weights = SmallImportance(model: model)
            let path = try folder.write(isLegacy ? weights.legacy : weights.gguf(), to: "m")
            let importance = try ImportanceMatrix(path, name: isLegacy ? "m.dat" : "m.gguf")
            let outputs = QuantizationTarget.allCases.map {
                QuantizationOutput($0, paths: [folder.appending("\($0.rawValue).gguf")])
            }
            _ = try Quantizer(source, options: .init(importance: importance)).run(outputs)
            for output in outputs {
                let expected = Self.sums["\(name)-\(output.target.rawValue.uppercased()).gguf"]
                #expect(try Digest.ofFile(output.paths[0]).hex == expected, "\(output.target)")
            }
        }
    }

    @Test func `both formats tell what they were measured on`() async throws {
        try await withTemporaryDirectory { folder in
            let weights = SmallImportance(model: Self.dense)
            let legacy = try ImportanceMatrix(try folder.write(weights.legacy, to: "a.dat"))
            #expect(legacy.dataset == "wiki.test" && legacy.chunks == 12 && legacy.count == 57)
            let gguf = try ImportanceMatrix(try folder.write(weights.gguf(), to: "a.gguf"))
            #expect(gguf.dataset == "calibration.txt" && gguf.chunks == 33 && gguf.count == 49)
        }
    }

    @Test func `weights of another size are refused, but for the embedding`() async throws {
        try await withTemporaryDirectory { folder in
            let source = try GGUFSource([try folder.write(Self.dense.bytes(), to: "source.gguf")])
            var other = Self.dense
            other.columns = 512
            let path = try folder.write(SmallImportance(model: other).legacy, to: "m.dat")
            let options = QuantizationOptions(importance: try ImportanceMatrix(path))
            let output = QuantizationOutput(.q4_k_m, paths: [folder.appending("out.gguf")])
            let error = #expect(throws: ConversionError.self) {
                try Quantizer(source, options: options).run([output])
            }
            guard case .importanceSize(_, 256, 512) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func `a file that is cut off is refused, unless only what nobody needs is missing`() async throws {
        let weights = SmallImportance(model: SmallModel(layers: 1))
        try await withTemporaryDirectory { folder in
            let legacy = weights.legacy
            // Behind the entries there are two numbers and a name.
            for length in stride(from: 4, to: legacy.count - 17, by: 97) {
                let path = try folder.write(legacy.prefix(length), to: "m.dat")
                #expect(throws: ConversionError.self, "\(length)") { try ImportanceMatrix(path) }
            }
            #expect(try ImportanceMatrix(try folder.write(legacy.dropLast(17), to: "m.dat")).chunks == 0)
            let gguf = try weights.gguf()
            for length in stride(from: 0, to: gguf.count - 32, by: 331) {
                let path = try folder.write(gguf.prefix(length), to: "m.gguf")
                #expect(throws: ConversionError.self, "\(length)") { try ImportanceMatrix(path) }
            }
        }
    }

    @Test func `lengths that cannot be are refused before anything is reserved for them`() async throws {
        try await withTemporaryDirectory { folder in
            let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0x7F]
            let one: [UInt8] = [1, 0, 0, 0]
            let negative: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
            let name = one + Array("a".utf8)
            for bytes in [
                huge, negative, one + huge, one + negative, one + name + one + huge,
                one + name + one + negative,
                one + name + one + [0, 0, 0, 0],
            ] {
                let path = try folder.write(bytes, to: "m.dat")
                #expect(throws: ConversionError.self, "\(bytes)") { try ImportanceMatrix(path) }
            }
            let empty = try folder.write([0, 0, 0, 0], to: "m.dat")
            #expect(throws: ConversionError.importance(.empty, path: empty)) { try ImportanceMatrix(empty) }
        }
    }

    @Test(arguments: [
        (Float.nan, ConversionError.ImportanceFlaw.notFinite(entry: "a")),
        (.infinity, .notFinite(entry: "a")),
        (-1, .negative(entry: "a")),
    ])
    func `a weight that is no number, or below zero, is refused`(
        weight: Float,
        flaw: ConversionError.ImportanceFlaw
    ) async throws {
        try await withTemporaryDirectory { folder in
            let one: [UInt8] = [1, 0, 0, 0]
            let bytes = one + one + Array("a".utf8) + one + one + GoldenWeights.exactBytes([weight])
            let path = try folder.write(bytes, to: "m.dat")
            #expect(throws: ConversionError.importance(flaw, path: path)) { try ImportanceMatrix(path) }
        }
    }

    @Test func `weights of another model are refused, and tensors without weights are counted`() async throws
    {
        try await withTemporaryDirectory { folder in
            let source = try GGUFSource([try folder.write(Self.dense.bytes(), to: "source.gguf")])
            func result(_ weights: [UInt8]) throws -> QuantizationResult? {
                let importance = try ImportanceMatrix(try folder.write(weights, to: "m"))
                let output = QuantizationOutput(.q4_k_m, paths: [folder.appending("out.gguf")])
                return try Quantizer(source, options: .init(importance: importance)).run([output]).first
            }
            let weights = SmallImportance(model: Self.dense)
            #expect(try result(weights.legacy)?.unweighted == 0)
            #expect(try result(weights.gguf())?.unweighted == 8)
            #expect(throws: ConversionError.importance(.foreign, path: folder.appending("m"))) {
                var other = Self.experts
                other.isTied = true
                _ = try result(SmallImportance(model: other).gguf(leavingOut: "attn"))
            }
        }
    }

    @Test func `a file without its keys or with counts that do not fit is refused`() async throws {
        try await withTemporaryDirectory { folder in
            func path(_ keys: [String], counts: [Int]) throws -> FilePath {
                var file = GGUFFile()
                for key in keys { file["imatrix.\(key)"] = .uint32(1) }
                try file.addTensor("a.in_sum2", .f32, shape: [4, 2])
                if !counts.isEmpty { try file.addTensor("a.counts", .f32, shape: counts) }
                return try folder.write(GGUFBuilder.bytes(of: file), to: "m.gguf")
            }
            let keys = ["datasets", "chunk_count", "chunk_size"]
            for key in keys {
                let path = try path(keys.filter { $0 != key }, counts: [1, 2])
                #expect(throws: ConversionError.importance(.missingKey("imatrix.\(key)"), path: path)) {
                    try ImportanceMatrix(path)
                }
            }
            for counts in [[], [3], [0]] {
                let path = try path(keys, counts: counts)
                #expect(throws: ConversionError.importance(.mismatch(entry: "a"), path: path)) {
                    try ImportanceMatrix(path)
                }
            }
        }
    }
}
