import Catalog
import Formats
import Glibc
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// Whether a model has room, by what is known of it where it is.
struct FitTests {
    private let home: TestHome

    init() throws { home = try TestHome() }

    private func fit(
        _ model: String,
        stack: String = "llamacpp",
        _ environment: [String: String] = [:],
        reports: Reports = Reports(),
        _ change: (inout FitOptions) -> Void = { _ in }
    ) async throws -> FittedModel {
        var options = FitOptions()
        change(&options)
        return try await Fit(try home.reference(model), options)
            .run(in: home.workspace(stack: stack, environment), report: reports.reporter)
    }

    /// A tool on the path that tells of a GPU with so many MiB.
    private func nvidia(free: Int, of total: Int) throws -> [String: String] {
        let script = """
            #!/bin/sh
            case $* in
            --query-gpu=index,*) echo '0, GPU-1, \(total), \(free), 570.1, [N/A], 8.9, NVIDIA L4' ;;
            --query-compute-apps=*) ;;
            *) echo '| NVIDIA-SMI 570.1  Driver Version: 570.1  CUDA Version: 12.8 |' ;;
            esac

            """
        let path = try home.directory.write(script, to: "bin/nvidia-smi")
        #expect(chmod(path.string, 0o755) == 0)
        return ["PATH": "\(home.directory.appending("bin")):/usr/bin:/bin"]
    }

    @Test func `a file of this machine is known to the byte`() async throws {
        let model = try #require(SparseModel.all.first { $0.name == "qwen2.5-7b" })
        let path = try model.write(in: home.directory.path)
        let weights = try model.file().tensors.map(\.size).total()
        let fitted = try await fit(path.string) { $0.context = 8192 }
        #expect((fitted.source, fitted.context, fitted.parallel) == (.local, 8192, 4))
        let row = try #require(fitted.rows.first)
        #expect(row.weightsBytes == weights)
        #expect(row.kvBytes == ByteCount(28 * 1024 * 2 * 8192))
        #expect(fitted.kvLayers.map(\.layers) == [28] && fitted.kvLayers.map(\.keys) == [512])
        #expect(["cpu", "no"].contains(row.verdict) && row.gpuLayers == 0 && row.layers == 28)
        let halved = try await fit(path.string) { ($0.context, $0.cacheType) = (8192, "q8_0") }
        #expect(halved.rows.first?.kvBytes == ByteCount(28 * 1024 / 32 * 34 * 8192))
    }

    @Test func `a GPU is taken into account, and what of its memory is free`() async throws {
        let model = try #require(SparseModel.all.first { $0.name == "qwen2.5-7b" })
        let path = try model.write(in: home.directory.path)
        let whole = try await fit(path.string, nvidia(free: 23_000, of: 23_034))
        #expect(whole.rows.map(\.verdict) == ["gpu"] && whole.rows.map(\.gpuLayers) == [28])
        #expect(whole.host.gpus == ["NVIDIA L4, 24 GB, 24 GB free"])
        let part = try await fit(path.string, nvidia(free: 4000, of: 23_034))
        #expect(part.rows.map(\.verdict) == ["partial"])
        let layers = try #require(part.rows.first?.gpuLayers)
        #expect((5..<25).contains(layers) && part.rows.first?.answer == "\(layers) of 28 layers on the GPU")
    }

    @Test func `of a model on the hub only the header is read, and every quantization is told`() async throws
    {
        let model = try #require(SparseModel.all.first { $0.name == "lfm2-1.2b" })
        let path = try model.write(in: home.directory.path)
        let size = try #require(try FileSystem.status(path)).size
        home.hub.publish(
            StubRepository(
                "org/lfm2-GGUF",
                files: [
                    "lfm2-Q4_K_M.gguf": .file(path), "lfm2-Q8_0.gguf": .generated(size: 1_300_000_000),
                    "mmproj-lfm2.gguf": .text("x"), "README.md": .text("x"),
                ]
            )
        )
        let reports = Reports()
        let fitted = try await fit("org/lfm2-GGUF", reports: reports)
        #expect(fitted.source == .remote && fitted.contextLength == 131_072)
        #expect(fitted.rows.map(\.quant) == ["q4_k_m", "q8_0"])
        #expect(fitted.rows.map(\.weightsBytes)[1] == 1_300_000_000)
        #expect(fitted.rows.allSatisfy { $0.kvBytes == fitted.rows[0].kvBytes && $0.source == .remote })
        #expect(home.hub.bytesServed(.cdn) < 600_000)
        #expect(reports.notes == ["read \(ByteCount(home.hub.bytesServed(.cdn))) of \(size)"])
        let one = try await fit("org/lfm2-GGUF:q4_k_m")
        #expect(one.rows.map(\.quant) == ["q4_k_m"])
    }

    @Test func `a stored model goes before the hub, and the catalog fills up the list`() async throws {
        home.hub.publish(
            StubRepository(
                "Qwen/Qwen2.5-Coder-7B-Instruct-GGUF",
                files: [
                    "qwen2.5-coder-7b-instruct-q4_k_m.gguf": .bytes(
                        try GGUFBuilder.tiny(architecture: "qwen2")
                    )
                ]
            )
        )
        try await home.pull("qwen2.5-coder:7b")
        let asked = home.hub.requests(.hub).count
        let fitted = try await fit("qwen2.5-coder:7b")
        #expect(home.hub.requests(.hub).count == asked)
        #expect(fitted.source == .stored && fitted.rows.filter(\.stored).map(\.quant) == ["q4_k_m"])
        let others = fitted.rows.filter { !$0.stored }
        #expect(others.count >= 5 && others.allSatisfy { $0.source == .catalog && $0.weightsBytes != nil })
        let one = try await fit("qwen2.5-coder:7b") { $0.quant = Quantization(parsing: "q4_k_m") }
        #expect(one.rows.map(\.quant) == ["q4_k_m"])
    }

    @Test func `without a hub the catalog is gone by, and that is said`() async throws {
        let reports = Reports()
        let environment = ["HF_ENDPOINT": "http://127.0.0.1:1"]
        let fitted = try await fit("qwen2.5-coder:7b", environment, reports: reports)
        #expect(fitted.source == .catalog && reports.warnings.count == 1)
        #expect(reports.warnings.first?.hasSuffix("going by the catalog") == true)
        let quiet = try await fit("qwen2.5-coder:7b", environment) { $0.isOffline = true }
        // What the header on the hub says, to a few parts in a hundred.
        let need = try #require(quiet.rows.first { $0.quant == "q4_k_m" })
        let weights = try #require(need.weightsBytes)
        #expect(abs(Double(weights.bytes) / 4_683_073_536 - 1) < 0.03)
        #expect(need.kvBytes == ByteCount(28 * 1024 * 2 * 16_384))
        await #expect(throws: Failure.self) {
            try await fit("org/absent", environment) { $0.isOffline = true }
        }
    }

    @Test func `vLLM takes its share, and wants a GPU`() async throws {
        let without = try await fit("qwen2.5-coder:7b", stack: "vllm") { $0.isOffline = true }
        #expect(without.rows.map(\.verdict) == ["no"])
        #expect(without.rows.first?.remarks == ["the engine wants a GPU"])
        let gpu = try nvidia(free: 24_000, of: 24_564)
        let fitted = try await fit("qwen2.5-coder:7b", stack: "vllm", gpu) { $0.isOffline = true }
        #expect(fitted.rows.map(\.verdict) == ["gpu"] && fitted.rows.map(\.format) == ["safetensors"])
        #expect(fitted.rows.first?.remarks.first?.contains("left for keys and values") == true)
    }

    @Test func `an architecture that is not known is said to be unknown`() async throws {
        let path = try home.directory.write(try GGUFBuilder.tiny(architecture: "martian"), to: "m.gguf")
        let fitted = try await fit(path.string)
        #expect(fitted.unknown?.contains("martian") == true)
        #expect(fitted.rows.map(\.verdict) == ["unknown"] && fitted.rows.first?.weightsBytes != nil)
        #expect(fitted.rows.first?.totalBytes == nil)
    }

    @Test func `what the engine does not serve, or is not there whole, is refused`() async throws {
        let file = try home.directory.write(try GGUFBuilder.tiny(), to: "m.gguf").string
        func failure(_ model: String, stack: String = "llamacpp", _ quant: String? = nil) async -> Failure? {
            do {
                _ = try await fit(model, stack: stack) {
                    $0.quant = quant.flatMap { Quantization(parsing: $0) }
                }
                return nil
            } catch { return error as? Failure }
        }
        #expect(await failure(file, stack: "vllm")?.kind == .unsupported)
        #expect(await failure(file, "q4_k_m")?.kind == .notFound)
        #expect(await failure(file, "q8_0") == nil)
        let shard = try home.directory.write(
            try GGUFBuilder.tiny(shard: (number: 0, count: 2)),
            to: "s-00001-of-00002.gguf"
        )
        #expect(await failure(shard.string)?.kind == .invalid)
    }
}
