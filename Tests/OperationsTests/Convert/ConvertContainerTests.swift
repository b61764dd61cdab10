import Conversion
import Docker
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// Conversions by llama.cpp's own tools in a container.
@Suite(.enabled("an engine and what the tests run in it are needed") { await TestProgram.areExpected() })
struct ConvertContainerTests {
    private static let stack = "container: none\nimage: \(LlamaTools.serverImage)"

    private func with(
        _ kind: PrivateEngine.Kind = .docker,
        stack: String = stack,
        _ body: (DockerHome) async throws -> Void
    ) async throws {
        try await DockerHome.with(kind, stack: stack) { home in
            try await LlamaTools.load(into: home.engine)
            try await body(home)
            #expect(try await home.client.containers(labels: [:]).allSatisfy { !$0.isTool(of: home) })
        }
    }

    private func convert(
        _ path: FilePath,
        _ quants: [String],
        in home: DockerHome,
        reports: Reports = Reports(),
        _ change: (inout ConvertOptions) -> Void = { _ in }
    ) async throws -> [ConvertedModel] {
        let conversion = try home.home.conversion(path.string, quants, change)
        return try await conversion.run(in: home.workspace(), report: reports.reporter)
    }

    /// A folder with a model that nobody here knows, of which the tools in the image make the sample.
    private func newFolder(in home: DockerHome) throws -> FilePath {
        let folder = try home.home.sampleFolder()
        let config = folder.appending("config.json")
        let text = String(decoding: try FileSystem.read(config), as: UTF8.self)
        try File(config, .update).write(
            Array(text.replacing("LlamaFor", with: "NewerFor").utf8).span.bytes,
            at: 0
        )
        return folder
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `llama-quantize makes what is made here`(kind: PrivateEngine.Kind) async throws {
        try await with(kind) { home in
            let source = try home.home.sampleGGUF("f16")
            let reports = Reports()
            let made = try await convert(source, ["q4_k_m", "q8_0"], in: home, reports: reports) {
                ($0.engine, $0.leavesOutput) = (.container, true)
            }
            #expect(made.map(\.quant) == ["q4_k_m", "q8_0"])
            let native = try await convert(source, ["q4_k_m", "q8_0"], in: home) {
                ($0.leavesOutput, $0.output) = (true, home.home.directory.path)
            }
            for (one, other) in zip(made, native) {
                #expect(
                    try Digest.ofFile(FilePath(one.path)) == Digest.ofFile(FilePath(other.path)),
                    "\(one.quant)"
                )
            }
            let path = "tiny-llama-f16/gguf/q8_0"
            let manifest = try home.home.manifest(path)
            #expect(manifest.conversion?.engine == "container")
            let image = try await home.client.image(LlamaTools.image)
            #expect(manifest.conversion?.image?.id == image.id)
            #expect(manifest.conversion?.image?.name == LlamaTools.image)
            #expect(reports.notes.contains { $0.contains(LlamaTools.image) })
            #expect(manifest.conversion?.options == ["--leave-output-tensor"])
            #expect(try FileSystem.status(FilePath(made[0].path))?.linkCount == 1)
            #expect(
                reports.all.contains {
                    if case .progress(_, let done, let all) = $0 { done == all } else { false }
                }
            )
        }
    }

    @Test func `what cannot be converted here is converted there where the image is`() async throws {
        try await with { home in
            let gguf = try home.home.sampleGGUF("f16")
            let folder = try newFolder(in: home)
            try FileSystem.copy(gguf, to: folder.appending("converted.json"))
            let reports = Reports()
            let quants = ["f16", "q4_k_m", "q6_k"]
            let plan = try await home.home.conversion(folder.string, quants).plan(in: home.workspace()) { _ in
            }
            let made = try await convert(folder, quants, in: home, reports: reports)
            #expect(made.map(\.quant) == quants)
            // What is told before it is made is no less than what comes of it, and what lies in between is as large as f16.
            for (planned, made) in zip(plan.targets, made) {
                #expect(
                    (made.sizeBytes.bytes...made.sizeBytes.bytes * 3).contains(planned.sizeBytes.bytes),
                    "\(made.quant)"
                )
            }
            #expect(plan.neededBytes >= made.map(\.sizeBytes).total() + made[0].sizeBytes)
            #expect(
                reports.notes.contains { $0.contains("NewerForCausalLM") && $0.contains(LlamaTools.image) }
            )
            #expect(try Digest.ofFile(FilePath(made[0].path)) == Digest.ofFile(gguf))
            let single = home.home.directory.appending("single.gguf")
            _ = try await convert(gguf, ["q6_k"], in: home) { $0.output = single }
            #expect(try Digest.ofFile(FilePath(made[2].path)) == Digest.ofFile(single))
            let path = "tiny-llama/gguf/q4_k_m"
            #expect(try home.home.manifest(path).conversion?.engine == "container")
            #expect(try home.home.partials().isEmpty)
        }
    }

    @Test func `without the image its name is told, and by what to get it`() async throws {
        try await with(stack: "container: none\nimage: localhost/nobody/llama.cpp:server-cuda") { home in
            let folder = try newFolder(in: home)
            let first = await #expect(throws: Failure.self) { try await convert(folder, ["f16"], in: home) }
            #expect(first?.kind == .unsupported)
            #expect(first?.hint?.contains("docker pull localhost/nobody/llama.cpp:full-cuda") == true)
            let second = await #expect(throws: Failure.self) {
                try await convert(folder, ["f16"], in: home) { $0.engine = .container }
            }
            #expect(second?.kind == .notFound && second?.hint?.contains("--image") == true)
            let third = await #expect(throws: Failure.self) {
                try await convert(folder, ["f16"], in: home) { $0.engine = .native }
            }
            #expect(third?.kind == .unsupported && third?.hint?.contains("--engine container") == true)
        }
    }

    @Test func `tools that fail are quoted, and leave nothing`() async throws {
        try await with { home in
            let folder = try newFolder(in: home)
            let failure = await #expect(throws: Failure.self) {
                try await convert(folder, ["q4_k_m"], in: home) { $0.image = LlamaTools.image }
            }
            #expect(failure?.kind == .failed)
            #expect(failure?.message.contains("status 1") == true)
            #expect(failure?.message.contains("Model NewForCausalLM is not supported") == true)
            #expect(try home.home.visibleFiles().isEmpty)
            #expect(try home.home.partials().isEmpty)
        }
    }

    @Test func `tools that are stopped are gone with their container`() async throws {
        try await with { home in
            let folder = try newFolder(in: home)
            try File(folder.appending("wait.json"), .update).write([0].span.bytes, at: 0)
            let reports = Reports()
            let work = Task { try await convert(folder, ["f16"], in: home, reports: reports) }
            #expect(
                try await reports.waitUntil {
                    $0.all.contains { if case .progress(_, let done, _) = $0 { done > 0 } else { false } }
                }
            )
            work.cancel()
            let failure = await #expect(throws: Failure.self) { try await work.value }
            #expect(failure?.kind == .cancelled)
            #expect(try home.home.partials().isEmpty)
        }
    }
}
