import Conversion
import Formats
import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// How files are quantized, and what is refused.
struct QuantizerTests {
    private static let model = SmallModel(layers: 2)

    private func output(_ target: QuantizationTarget, in folder: TemporaryDirectory, _ name: String = "out")
        -> QuantizationOutput
    {
        QuantizationOutput(target, paths: [folder.appending("\(name)-\(target.rawValue).gguf")])
    }

    @Test func `one worker and many, one target and many make the same files`() async throws {
        try await withTemporaryDirectory { folder in
            let source = try GGUFSource([try folder.write(Self.model.bytes(), to: "source.gguf")])
            let targets: [QuantizationTarget] = [.q4_k_m, .q5_k_m, .q8_0, .q4_k_s, .bf16]
            _ = try Quantizer(source, workers: 3).run(targets.map { output($0, in: folder, "together") })
            for target in targets {
                let alone = output(target, in: folder, "alone")
                let results = try Quantizer(source, workers: 1).run([alone])
                let together = output(target, in: folder, "together").paths[0]
                #expect(try FileSystem.read(alone.paths[0]) == FileSystem.read(together), "\(target)")
                #expect(results.map(\.target) == [target])
            }
        }
    }

    @Test func `the result says how large the file has become`() async throws {
        try await withTemporaryDirectory { folder in
            let source = try GGUFSource([try folder.write(Self.model.bytes(), to: "source.gguf")])
            let quantizer = Quantizer(source)
            let wanted = output(.q8_0, in: folder)
            let result = try #require(try quantizer.run([wanted]).first)
            // 16 matrices of 1024 halves, of which each 32 take 34 bytes, and a norm of 256 floats.
            #expect(result.sizeBefore == ByteCount(16 * 2048 + 1024))
            #expect(result.sizeAfter == ByteCount(16 * 1088 + 1024))
            #expect(abs(result.bitsPerWeight - Double(16 * 1088 + 1024) * 8 / (16 * 1024 + 256)) < 1e-9)
            let size = try #require(try FileSystem.status(wanted.paths[0])).size
            #expect(try quantizer.plan(wanted.target).size == size && result.fallbacks == 0)
            let odd = SmallModel(layers: 1, heads: 1, columns: 96)
            let oddSource = try GGUFSource([try folder.write(odd.bytes(), to: "odd.gguf")])
            #expect(try Quantizer(oddSource).run([output(.q4_k_s, in: folder)])[0].fallbacks == 8)
        }
    }

    @Test func `the header is that of the source with what has become of it`() async throws {
        try await withTemporaryDirectory { folder in
            let source = try GGUFSource([try folder.write(Self.model.bytes(), to: "source.gguf")])
            let wanted = output(.q6_k, in: folder)
            _ = try Quantizer(source).run([wanted])
            let header = try GGUFHeader.read(wanted.paths[0])
            let keys = header.metadata.map(\.key)
            #expect(
                keys.suffix(3) == [
                    "tokenizer.ggml.tokens", "general.quantization_version", "general.file_type",
                ]
            )
            #expect(
                header["general.file_type"] == .uint32(18)
                    && header["general.quantization_version"] == .uint32(2)
            )
            #expect(header["tokenizer.ggml.tokens"]?.array?.elements == [.string("a"), .string("c")])
            #expect(
                Array(header.tensors.map(\.name).prefix(4)) == [
                    "output.weight", "output_norm.weight", "token_embd.weight", "blk.0.attn_k.weight",
                ]
            )
        }
    }

    @Test func `a file that was there before is replaced, whatever its length`() async throws {
        try await withTemporaryDirectory { folder in
            let source = try GGUFSource([try folder.write(Self.model.bytes(), to: "source.gguf")])
            let wanted = output(.q4_0, in: folder)
            _ = try Quantizer(source).run([wanted])
            let expected = try FileSystem.read(wanted.paths[0])
            try FileSystem.write([UInt8](repeating: 7, count: 1 << 20), to: wanted.paths[0])
            _ = try Quantizer(source).run([wanted])
            #expect(try FileSystem.read(wanted.paths[0]) == expected)
        }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity], [TensorType.f16, .bf16])
    func `a number that is none is refused with the name of its tensor`(number: Float, type: TensorType)
        async throws
    {
        try await withTemporaryDirectory { folder in
            var model = Self.model
            model.type = type
            for name in ["blk.1.ffn_up.weight", "output_norm.weight"] {
                let bytes = try model.bytes { tensor, values in
                    tensor == name ? values.dropLast() + [number] : values
                }
                let source = try GGUFSource([try folder.write(bytes, to: "source.gguf")])
                #expect(throws: ConversionError.notFinite(tensor: name)) {
                    try Quantizer(source).run([output(.q4_k_m, in: folder)])
                }
            }
        }
    }

    @Test func `numbers that the target cannot hold are refused`() async throws {
        try await withTemporaryDirectory { folder in
            var model = Self.model
            model.type = .bf16
            let bytes = try model.bytes { name, values in
                name == "blk.0.attn_q.weight" ? values.map { $0 * 1e30 } : values
            }
            let source = try GGUFSource([try folder.write(bytes, to: "source.gguf")])
            for target in [QuantizationTarget.f16, .q8_0, .q4_k_s] {
                #expect(
                    throws: ConversionError.outOfRange(tensor: "blk.0.attn_q.weight", type: target.usualType)
                ) {
                    try Quantizer(source).run([output(target, in: folder)])
                }
            }
        }
    }

    @Test func `what is quantized already is quantized again only if that is allowed`() async throws {
        try await withTemporaryDirectory { folder in
            let source = try GGUFSource([try folder.write(Self.model.bytes(), to: "source.gguf")])
            let first = output(.q8_0, in: folder)
            _ = try Quantizer(source).run([first])
            let again = try GGUFSource(first.paths)
            let name = "output.weight"
            #expect(throws: ConversionError.requantizing(tensor: name, type: .q8_0)) {
                try Quantizer(again).run([output(.q4_k_m, in: folder)])
            }
            let second = output(.q4_k_m, in: folder)
            _ = try Quantizer(again, options: .init(allowsRequantizing: true)).run([second])
            #expect(try GGUFHeader.read(second.paths[0])["general.file_type"] == .uint32(15))
            // What stays as it is was never touched.
            let same = output(.q8_0, in: folder, "same")
            _ = try Quantizer(again).run([same])
            #expect(try FileSystem.read(same.paths[0]) == FileSystem.read(first.paths[0]))
        }
    }

    @Test func `it stops when it is told to`() async throws {
        try await withTemporaryDirectory { folder in
            let source = try GGUFSource([try folder.write(Self.model.bytes(), to: "source.gguf")])
            let asked = Mutex(0)
            #expect(throws: ConversionError.cancelled) {
                try Quantizer(source, workers: 2).run([output(.q4_k_m, in: folder)]) {
                    asked.withLock { count in
                        count += 1
                        return count > 3
                    }
                }
            }
            #expect(asked.withLock { $0 } >= 4)
        }
    }

    @Test func `progress ends with all that there is`() async throws {
        try await withTemporaryDirectory { folder in
            let source = try GGUFSource([try folder.write(Self.model.bytes(), to: "source.gguf")])
            let told = Mutex<[QuantizationProgress]>([])
            _ = try Quantizer(source, workers: 2).run(
                [output(.q8_0, in: folder)],
                progress: { step in told.withLock { $0.append(step) } }
            )
            let steps = told.withLock { $0 }
            let last = try #require(steps.map(\.done).max())
            #expect(last == ByteCount(16 * 2048 + 1024) && steps.allSatisfy { $0.total == last })
        }
    }
}

// MARK: Hostile sources

extension QuantizerTests {
    @Test func `a source that is cut off anywhere is refused`() async throws {
        try await withTemporaryDirectory { folder in
            let bytes = try Self.model.bytes()
            for length in stride(from: 0, to: bytes.count - 32, by: bytes.count / 40) {
                let path = try folder.write(bytes.prefix(length), to: "source.gguf")
                #expect(throws: ConversionError.self, "\(length)") { try GGUFSource([path]) }
            }
        }
    }

    @Test func `a source that lacks tensors by its own description is refused, and they are named`() throws {
        let folder = try TemporaryDirectory()
        func flaws(_ architecture: String, layers: Int = 3, without part: String) throws -> TensorFlaws? {
            var model = Self.model
            (model.architecture, model.layers) = (architecture, 3)
            var file = GGUFFile()
            for (key, value) in model.metadata { file[key] = value }
            file["\(architecture).block_count"] = .uint32(UInt32(layers))
            for tensor in model.tensors where !tensor.name.hasPrefix(part) {
                try file.addTensor(tensor.name, .f32, shape: tensor.shape)
            }
            let path = try folder.write(GGUFBuilder.bytes(of: file), to: "source.gguf")
            do throws(ConversionError) { _ = try GGUFSource([path]) } catch {
                if case .tensors(let flaws) = error { return flaws }
                throw error
            }
            return nil
        }
        #expect(try flaws("llama", without: "-") == nil)
        #expect(try flaws("llama", without: "token_embd")?.first == [.missing("token_embd.weight")])
        #expect(try flaws("llama", without: "blk.1.attn_v")?.first == [.missing("blk.1.attn_v.weight")])
        // An architecture that is not known here may have layers of several kinds.
        #expect(try flaws("mamba", without: "blk.1.attn_v") == nil)
        for architecture in ["llama", "mamba"] {
            #expect(try flaws(architecture, without: "blk.1.")?.first == [.missing("blk.1.*")])
            #expect(try flaws(architecture, layers: 4, without: "-")?.first == [.missing("blk.3.*")])
        }
        #expect(try flaws("llama", layers: 1 << 30, without: "-")?.description.contains("at least") == true)
    }

    @Test func `a source that gets shorter while it is read is refused`() async throws {
        try await withTemporaryDirectory { folder in
            let bytes = try Self.model.bytes()
            let path = try folder.write(bytes, to: "source.gguf")
            let source = try GGUFSource([path])
            try File(path, .update).truncate(to: ByteCount(Int64(bytes.count) / 2))
            let error = #expect(throws: ConversionError.self) {
                try Quantizer(source).run([output(.q8_0, in: folder)])
            }
            guard case .format(.truncated, path) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func `an output that cannot be written is a refusal of the kernel`() async throws {
        try await withTemporaryDirectory { folder in
            let source = try GGUFSource([try folder.write(Self.model.bytes(), to: "source.gguf")])
            let nowhere = QuantizationOutput(.q8_0, paths: [folder.appending("no/such/folder/a.gguf")])
            let error = #expect(throws: ConversionError.self) { try Quantizer(source).run([nowhere]) }
            guard case .system(let refusal) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(refusal.isNotFound)
        }
    }

    @Test func `a source that does not give what it declares is noticed in what was written`() async throws {
        try await withTemporaryDirectory { folder in
            let whole = try GGUFSource([try folder.write(Self.model.bytes(), to: "source.gguf")])
            let fickle = FickleSource(whole)
            let error = #expect(throws: ConversionError.self) {
                try Quantizer(fickle, workers: 1).run([output(.q8_0, in: folder)])
            }
            guard case .written(.content(let tensor, let element), _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(tensor == "blk.1.attn_v.weight" && element == 0)
        }
    }
}

extension QuantizationTarget {
    /// The type that most tensors get.
    fileprivate var usualType: TensorType {
        switch self {
        case .f16: .f16
        case .q8_0: .q8_0
        default: .q4_K
        }
    }
}

/// Gives other numbers of one tensor when they are read for the second time.
private final class FickleSource: TensorSource {
    private let source: GGUFSource
    private let reads = Mutex(0)

    init(_ source: GGUFSource) { self.source = source }

    var metadata: [MetadataEntry] { source.metadata }
    var tensors: [SourceTensor] { source.tensors }
    var files: Int { source.files }

    func withElements(
        _ range: Range<Int>,
        of tensor: SourceTensor,
        _ body: (UnsafeRawBufferPointer) throws(ConversionError) -> Void
    ) throws(ConversionError) {
        let isSecond =
            tensor.name == "blk.1.attn_v.weight"
            && reads.withLock { count in
                count += 1
                return count > 1
            }
        guard isSecond else { return try source.withElements(range, of: tensor, body) }
        var failure: ConversionError?
        [UInt8](repeating: 0x3C, count: range.count * 2).withUnsafeBytes { bytes in
            do throws(ConversionError) { try body(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
