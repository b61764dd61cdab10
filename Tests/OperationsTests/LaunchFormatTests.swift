import Catalog
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// What `launch` writes for others, and what it says where it cannot.
struct LaunchFormatTests {
    private let home: TestHome

    init() throws {
        home = try TestHome(
            StubRepository("org/tiny-GGUF", files: ["tiny-Q4_K_M.gguf": .bytes(try GGUFBuilder.tiny())])
        )
    }

    private func launch(
        _ config: String = "",
        _ format: Launch.Format,
        _ reports: Reports = Reports()
    ) async throws -> Launch.Command {
        try home.directory.write("model: org/tiny-GGUF\n\(config)", to: "home/config/models/tiny.yaml")
        try await home.pull("org/tiny-GGUF")
        return try await Launch(try home.reference("tiny")).run(
            in: home.workspace(),
            as: format,
            report: reports.reporter
        )
    }

    @Test func `a key's file is one of this machine, from the home on, in every format`() async throws {
        let reports = Reports()
        let key = home.directory.appending("home/keys/tiny").string
        let config = "api_key: file:keys/tiny\n"
        for format in [Launch.Format.shell, .env, .json] {
            let launch = try await launch(config, format, reports)
            #expect(launch.argv.suffix(2) == ["--api-key-file", "/run/secrets/api-key"])
            #expect(launch.secrets == ["LLAMA_API_KEY": "file:\(key)"])
            #expect(!launch.written.contains("keys/tiny"))
        }
        let mount = "give its container `\(key):/run/secrets/api-key:ro`"
        #expect(reports.notes.count { $0.contains(mount) } == 3)
        #expect(try await launch(config, .compose).written.contains("file: \"\(key)\""))
        #expect(try await launch(config, .k8s).written.contains("key=\(key)"))
    }

    @Test
    func `a launch tells what words for the engine leave without effect, unless it holds for all models`()
        async throws
    {
        let extra = "extra: {llamacpp: [--ctx-size, '100', --n-gpu-layers, '1']}\n"
        let reports = Reports()
        _ = try await launch("context: 300\n" + extra, .shell, reports)
        #expect(reports.warnings.count { $0.contains("has no effect") } == 1)
        #expect(reports.warnings.contains { $0.hasPrefix("`context` (") && $0.contains("tiny.yaml:2)") })
    }

    @Test(arguments: [
        ("api_key: env:MINE", Launch.Format.env, "env:MINE", "api_key: file:PATH"),
        ("nodes: [a, b]", .compose, "several machines", "--format shell"),
        ("nodes: [a, b]", .k8s, "several machines", "--format shell"),
    ])
    func `what a format cannot say is refused with another one to take`(
        config: String,
        format: Launch.Format,
        says: String,
        hint: String
    ) async throws {
        let failure = await #expect(throws: Failure.self) { try await launch(config, format) }
        #expect(failure?.kind == .unsupported)
        #expect(failure?.message.contains(says) == true && failure?.hint?.contains(hint) == true)
    }

    @Test func `what is left of a command beside its variables is told`() async throws {
        let reports = Reports()
        let launch = try await launch("generation: {seed: 3}\n", .env, reports)
        #expect(launch.written.hasSuffix("command:\n#   --seed 3\n"))
        #expect(reports.warnings.contains { $0.contains("no variable for `--seed`") })
    }
}
