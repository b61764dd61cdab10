import Catalog
import Conversion
import Docker
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// Conversions to UQFF, by what stands in for mistral.rs.
@Suite(.enabled("an engine and what the tests run in it are needed") { await TestProgram.areExpected() })
struct ConvertUQFFTests {
    private func with(
        _ kind: PrivateEngine.Kind = .docker,
        image: String = MistralRsTools.image,
        _ body: (DockerHome, Workspace) async throws -> Void
    ) async throws {
        try await DockerHome.with(kind) { home in
            try await MistralRsTools.load(into: home.engine)
            try home.home.directory.write(
                "engine: mistralrs\ncontainer: none\nimage: \(image)\n",
                to: "home/stacks/mistral/stack.yaml"
            )
            let variables = ["DOCKER_HOST": "unix://\(home.engine.socket)"]
            try await body(home, home.home.workspace(stack: "mistral", variables))
        }
    }

    private func convert(
        _ path: FilePath,
        _ quants: [String],
        _ home: DockerHome,
        _ workspace: Workspace,
        reports: Reports = Reports(),
        _ change: (inout ConvertOptions) -> Void = { _ in }
    ) async throws -> [ConvertedModel] {
        var options = ConvertOptions()
        options.format = .uqff
        options.targets = try quants.map { try #require(ConversionTarget(parsing: $0)) }
        change(&options)
        return try await Convert(try home.home.reference(path.string), options)
            .run(in: workspace, report: reports.reporter)
    }

    /// The verbs about stored models know the one in `q4_k`, and how it is made again.
    private func expectKnown(_ home: DockerHome, _ workspace: Workspace, _ image: String) async throws {
        let states = try await Verify([]).run(in: workspace) { _ in }
        #expect(!states.isEmpty && states.allSatisfy { $0.state == .ok })
        let shown = try await Show(
            try home.home.reference("tiny-llama"),
            quant: Quantization(parsing: "q4k")
        )
        .run(in: workspace)
        #expect(shown.conversion?.image?.id == image && shown.header?.architecture == "llama")
        let launch = try await Launch(
            try home.home.reference("tiny-llama"),
            quant: Quantization(parsing: "q4_k")
        )
        .run(in: workspace) { _ in }
        let words = launch.argv.joined(separator: " ")
        #expect(words.contains("-m /models/tiny-llama/uqff/q4_k --from-uqff q4k-0.uqff"), "\(words)")
        try FileSystem.remove(FilePath(shown.path).appending("q4k-1.uqff"))
        let lost = try await Verify([], repairs: true).run(in: workspace) { _ in }
        let fixes = lost.compactMap(\.fix)
        #expect(
            fixes.contains { $0.contains("--quant q4_k --to uqff --engine container --image localhost/") },
            "\(fixes)"
        )
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `mistral.rs quantizes, and what it makes is stored, listed, verified and launched`(
        kind: PrivateEngine.Kind
    ) async throws {
        try await with(kind) { home, workspace in
            let folder = try home.home.sampleFolder()
            let reports = Reports()
            let made = try await convert(folder, ["q4k", "q8_0"], home, workspace, reports: reports)
            #expect(made.map(\.format) == ["uqff", "uqff"] && made.map(\.quant) == ["q4_k", "q8_0"])
            #expect(reports.notes.contains { $0.contains(MistralRsTools.image) })
            #expect(
                reports.all.contains {
                    if case .progress(_, let done, let all) = $0 { done > 0 && done < all } else { false }
                }
            )
            let store = ModelStore(volume: home.home.volume("mistral"))
            let key = try ModelKey(model: "tiny-llama", format: "uqff", quant: "q4_k")
            let manifest = try #require(try store.model(key)).manifest
            #expect(manifest.files.first?.path.string == "q4k-0.uqff")
            // The tokenizer was not copied by the tool, and is beside the weights all the same.
            let names = Set(manifest.files.map(\.path.string))
            #expect(
                names.isSuperset(of: ["q4k-1.uqff", "residual.safetensors", "config.json", "tokenizer.json"])
            )
            #expect(
                manifest.conversion?.engine == "container" && manifest.conversion?.format == "safetensors"
            )
            let image = try await home.client.image(MistralRsTools.image)
            #expect(manifest.conversion?.image?.id == image.id)
            #expect(manifest.facts.architecture == "llama")
            #expect(manifest.facts.parameters == Int64(SampleModel.parameters))
            let again = try await convert(folder, ["q4_k"], home, workspace)
            #expect(again.map(\.wasThere) == [true])
            try await expectKnown(home, workspace, image.id)
            #expect(try await home.client.containers(labels: [:]).allSatisfy { !$0.isTool(of: home) })
        }
    }

    @Test func `where the engine gives out GPUs, mistral.rs has them`() async throws {
        let engine = try await PrivateEngine(
            .docker,
            options: ["--add-runtime=nvidia=/usr/sbin/runc"],
            pretendsGPUs: true
        )
        try await MistralRsTools.load(into: engine)
        let home = try TestHome()
        try home.directory.write(
            "engine: mistralrs\ncontainer: none\nimage: \(MistralRsTools.image)\n",
            to: "home/stacks/mistral/stack.yaml"
        )
        var options = ConvertOptions()
        (options.format, options.targets) = (.uqff, [try #require(ConversionTarget(parsing: "hqq4"))])
        let conversion = Convert(try home.reference(try home.sampleFolder().string), options)
        let workspace = home.workspace(stack: "mistral", ["DOCKER_HOST": "unix://\(engine.socket)"])
        #expect(try await conversion.run(in: workspace) { _ in }.map(\.quant) == ["hqq4"])
        try await engine.stop()
    }

    @Test func `what fails or is not whole is told, and nothing is stored of it`() async throws {
        try await with { home, workspace in
            for (mark, kind, says) in [
                ("fail.json", Failure.Kind.failed, "out of layers"),
                ("gap.json", .failed, "no whole uqff: `q4k-0.uqff` is missing"),
            ] {
                let folder = try home.home.sampleFolder()
                try FileSystem.write([], to: folder.appending(mark))
                let failure = await failure { try await convert(folder, ["q4_k"], home, workspace) }
                #expect(failure?.kind == kind && failure?.message.contains(says) == true, "\(failure as Any)")
                #expect(failure?.message.contains("\u{1B}") == false)
                try FileSystem.remove(folder.appending(mark))
            }
            #expect(try !FileSystem.walk(home.home.volume("mistral")).contains { $0.path.hasSuffix(".uqff") })
        }
    }

    @Test func `what cannot be made so is refused before a container is there`() async throws {
        try await with { home, workspace in
            let folder = try home.home.sampleFolder()
            let gguf = try home.home.sampleGGUF("f16")
            let cases: [(FilePath, [String], String, (inout ConvertOptions) -> Void)] = [
                (gguf, ["q4_k"], "made of safetensors", { _ in }),
                (folder, ["q4_k_m"], "mistral.rs makes no q4_k_m", { _ in }),
                (folder, ["q4_k"], "stackctl itself makes no uqff", { $0.engine = .native }),
            ]
            for (path, quants, says, change) in cases {
                let failure = await failure { try await convert(path, quants, home, workspace, change) }
                #expect(failure?.kind == .unsupported, "\(says)")
                #expect(failure?.message.contains(says) == true, "\(failure as Any)")
            }
            #expect(await failure { try await convert(folder, [], home, workspace) }?.kind == .usage)
            let other = await failure { try await convert(folder, ["q4_k"], home, home.workspace()) }
            #expect(other?.kind == .unsupported && other?.hint?.contains("--image") == true)
        }
        try await with(image: "localhost/nobody/mistral.rs:latest") { home, workspace in
            let folder = try home.home.sampleFolder()
            let failure = await failure { try await convert(folder, ["q4_k"], home, workspace) }
            #expect(failure?.kind == .notFound)
            #expect(failure?.hint?.contains("docker pull localhost/nobody/mistral.rs:latest") == true)
        }
    }
}

extension ContainerSummary {
    /// Whether it runs a tool that writes below a home.
    func isTool(of home: DockerHome) -> Bool {
        labels["io.stackctl.work"]?.hasPrefix(home.home.directory.path.string) == true
    }
}
