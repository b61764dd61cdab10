import Docker
import Glibc
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// What `use` and `why` name where a model had not enough memory.
@Suite(.engines)
struct SmallerModelTests {
    private static let words =
        "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 8000.00 MiB on device 0: cudaMalloc failed: out of memory"

    /// A stack whose server says that the memory is short, whatever it is to serve.
    private func withShortStack<Result>(
        storing quants: [String] = ["q5_k_m"],
        as name: String = "qwen2.5-coder:3b",
        saying words: String = words,
        memory: Int64? = nil,
        _ body: (DockerHome, Workspace) async throws -> Result
    ) async throws -> Result {
        try await DockerHome.with { home in
            let directory = home.home.directory
            for quant in quants {
                let path = try directory.write(try GGUFBuilder.tiny(), to: "m-\(quant).gguf")
                var options = PullOptions()
                options.name = name
                _ = try await Pull(try home.home.reference(path.string), options).run(in: home.workspace()) {
                    _ in
                }
            }
            let server = try directory.write(
                "#!/bin/sh\necho '\(words)' >&2\nexit 1\n",
                to: "programs/llama-server"
            )
            guard chmod(server.string, 0o755) == 0 else { throw NotExecutable() }
            try FileSystem.createDirectory(directory.appending("home/stacks/llamacpp/active"))
            var plan = ContainerPlan(image: PrivateEngine.image, command: ["/bin/sh", "/active/launch.sh"])
            plan.resources.networkMode = "host"
            plan.resources.memory = memory
            plan.resources.binds = [
                "\(directory.appending("programs")):/app:ro",
                "\(directory.appending("home/stacks/llamacpp/active")):/active:ro",
            ]
            _ = try await home.client.create(plan, named: home.name)
            return try await body(home, home.workspace())
        }
    }

    private struct NotExecutable: Error {}

    @Test func `a change that fails for memory names the next smaller model, and so does why`() async throws {
        try await withShortStack { home, workspace in
            let reports = Reports()
            let failed = await failure {
                try await Use(try home.home.reference("qwen2.5-coder:3b"), timeout: .seconds(20))
                    .run(in: workspace, report: reports.reporter)
            }
            #expect(failed?.kind == .notReady, "\(failed?.message ?? "")")
            let command =
                "`stackctl llamacpp use qwen2.5-coder:3b-q5_0` takes 77 MB less and fits by the arithmetic"
            #expect(
                failed?.hint?.hasPrefix("\(command); or take a smaller quantization, or set") == true,
                "\(failed?.hint ?? "")"
            )
            #expect(
                reports.notes.contains(
                    "the reason: the GPU's memory does not hold the model with its context"
                )
            )

            // What was given up is on the list of what is kept, and nothing is served.
            let kept = try await Why().run(in: workspace) { _ in }
            #expect(kept.keptLogs.first?.findings.first?.about == "memory")

            // An engine's word on when a process began may be late, so that a second before it counts too.
            try await Task.sleep(for: .milliseconds(1200))
            let left = await failure {
                try await Use(
                    try home.home.reference("qwen2.5-coder:3b"),
                    timeout: .seconds(20),
                    rollsBack: false
                )
                .run(in: workspace) { _ in }
            }
            #expect(left?.hint?.hasPrefix(command) == true)
            let diagnosis = try await Why().run(in: workspace) { _ in }
            #expect(
                diagnosis.findings.first?.id == "gpu-out-of-memory" && diagnosis.model == "qwen2.5-coder:3b"
            )
            let smaller = try #require(diagnosis.smaller)
            #expect((smaller.model, smaller.quant, smaller.stored) == ("qwen2.5-coder:3b", "q5_0", false))
            #expect(
                smaller.command == "stackctl llamacpp use qwen2.5-coder:3b-q5_0" && smaller.verdict == "cpu"
            )
            #expect(diagnosis.next == diagnosis.findings.first?.fix)
        }
    }

    @Test func `a container that may take little gets what fits into that`() async throws {
        try await withShortStack(memory: 2_000_000_000) { home, workspace in
            let failed = await failure {
                try await Use(
                    try home.home.reference("qwen2.5-coder:3b"),
                    timeout: .seconds(20),
                    rollsBack: false
                )
                .run(in: workspace) { _ in }
            }
            let hint = try #require(failed?.hint)
            #expect(hint.hasPrefix("`stackctl llamacpp use qwen2.5-coder:1.5b-q5_k_m` takes "), "\(hint)")
        }
    }

    @Test func `of a model that no catalog has, only what is stored is named`() async throws {
        try await withShortStack(storing: ["q8_0"], as: "my-model") { home, workspace in
            let failed = await failure {
                try await Use(try home.home.reference("my-model"), timeout: .seconds(20)).run(in: workspace) {
                    _ in
                }
            }
            #expect(failed?.hint?.hasPrefix("take a smaller quantization") == true)
        }
    }

    @Test func `a failure of another kind names no other model`() async throws {
        let words = "error: invalid argument: --mlock"
        try await withShortStack(saying: words) { home, workspace in
            let failed = await failure {
                try await Use(
                    try home.home.reference("qwen2.5-coder:3b"),
                    timeout: .seconds(20),
                    rollsBack: false
                )
                .run(in: workspace) { _ in }
            }
            #expect(failed?.hint?.contains("qwen2.5-coder:3b-") == false)
            let diagnosis = try await Why().run(in: workspace) { _ in }
            #expect(diagnosis.findings.first?.id == "unknown-argument" && diagnosis.smaller == nil)
        }
    }
}
