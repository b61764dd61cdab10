import Catalog
import Engines
import Formats
import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// What is reckoned for a model, compared with what the real server says that it has taken.
struct LlamaServerMemoryTests {
    @Test(
        .enabled("llama.cpp's server is not there") { await TestProgram.llamaServer.isExpected() },
        .timeLimit(.minutes(2))
    )
    func `a served model takes what was reckoned for it`() async throws {
        let folder = try TemporaryDirectory()
        let model = try #require(SparseModel.all.first { $0.name == "lfm2-1.2b" })
        let path = try model.write(in: folder.path)
        let log = try await log(of: path)
        let settings = MemorySettings(engine: .llamacpp, context: 8192)
        let need = MemoryNeed(try ModelShape([GGUFHeader.read(path)]), settings)

        #expect(log.contains("n_parallel is set to auto, using n_parallel = 4 and kv_unified = true"))
        #expect(abs(need.weights.mebibytes - total("model buffer size", in: log)) < 0.02)
        let kept = total("KV buffer size", in: log) + total("RS buffer size", in: log)
        #expect(abs(need.cache.mebibytes - kept) < 0.02)
        let computed = total("compute buffer size", in: log) + total("output buffer size", in: log)
        #expect(
            computed > 1 && abs(need.compute.mebibytes / computed - 1) < 0.2,
            "\(need.compute.mebibytes), \(computed)"
        )
        let all = total("buffer size", in: log)
        let reckoned = (need.weights + need.cache + need.compute).mebibytes
        #expect(abs(reckoned / all - 1) < 0.05, "\(reckoned), \(all)")
    }

    /// What the server says until it listens.
    private func log(of model: FilePath) async throws -> String {
        let server = try BinaryRun(
            try await TestProgram.llamaServer.path(),
            [
                "--model", model.string, "--ctx-size", "8192", "--no-warmup", "--no-repack", "--fit", "off",
                "--host",
                "127.0.0.1", "--port", "0", "--log-verbosity", "4",
            ],
            environment: [:]
        )
        try await server.waitUntil { $0.errors.contains("compute buffer size") }
        server.send(SIGKILL)
        return try await server.finish().errors
    }

    /// The sum of the numbers behind words, in MiB.
    private func total(_ words: String, in log: String) -> Double {
        log.split(separator: "\n").filter { $0.contains(words) }
            .compactMap { $0.split(separator: "=").last?.split(separator: " ").first.flatMap { Double($0) } }
            .reduce(0, +)
    }
}
