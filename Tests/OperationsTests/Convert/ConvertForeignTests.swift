import Conversion
import Docker
import Formats
import Glibc
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What only llama.cpp's tools make, which image has them, and how what they make is looked at.
@Suite(.enabled("an engine and what the tests run in it are needed") { await TestProgram.areExpected() })
struct ConvertForeignTests {
    private func with(
        _ engine: PrivateEngine.Kind = .docker,
        image: String = LlamaTools.serverImage,
        _ body: (DockerHome) async throws -> Void
    ) async throws {
        try await DockerHome.with(engine, stack: "container: none\nimage: \(image)") { home in
            try await LlamaTools.load(into: home.engine)
            try await body(home)
            #expect(try await home.client.containers(labels: [:]).allSatisfy { !$0.isTool(of: home) })
        }
    }

    private func convert(
        _ path: FilePath,
        _ quants: [String],
        _ home: DockerHome,
        reports: Reports = Reports(),
        _ change: (inout ConvertOptions) -> Void = { _ in }
    ) async throws -> [ConvertedModel] {
        try await home.home.conversion(path.string, quants, change)
            .run(in: home.workspace(), report: reports.reporter)
    }

    /// A model whose rows are wide enough for every type; one number of it may be none.
    private func wideGGUF(in home: DockerHome, isDamaged: Bool = false) throws -> FilePath {
        var file = GGUFFile()
        file["general.architecture"] = .string("llama")
        for (key, value) in [
            ("block_count", 1), ("context_length", 64), ("embedding_length", 256),
            ("feed_forward_length", 256),
            ("attention.head_count", 4), ("attention.head_count_kv", 4),
        ] {
            file["llama.\(key)"] = .uint32(UInt32(value))
        }
        file["llama.attention.layer_norm_rms_epsilon"] = .float32(1e-5)
        for name in Self.tensors { try file.addTensor(name, .f32, shape: [256, 64]) }
        for name in ["output_norm.weight", "blk.0.attn_norm.weight", "blk.0.ffn_norm.weight"] {
            try file.addTensor(name, .f32, shape: [256])
        }
        let bytes = GGUFBuilder.bytes(of: file) { tensor in
            (0..<tensor.elements).flatMap { index -> [UInt8] in
                let isBad = isDamaged && tensor.name == "blk.0.ffn_up.weight" && index == 5
                let number = isBad ? Float.nan : sin(Float(index * index % 997)) / 20
                return (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * UInt32($0))) }
            }
        }
        return try home.home.directory.write(bytes, to: "wide.gguf")
    }

    private static let tensors =
        ["token_embd.weight", "output.weight"]
        + ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_gate", "ffn_down"]
        .map { "blk.0.\($0).weight" }

    /// An importance matrix of the format before GGUF, for all tensors of layers.
    private func matrix(in home: DockerHome) throws -> FilePath {
        func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var bytes = number(Self.tensors.count - 1)
        for name in Self.tensors where name != "token_embd.weight" {
            let weights = (0..<256).flatMap { number(Int(Float($0 % 7 + 1).bitPattern)) }
            bytes += number(name.utf8.count) + Array(name.utf8) + number(1) + number(256) + weights
        }
        return try home.home.directory.write(
            bytes + number(1) + number(4) + Array("text".utf8),
            to: "imatrix.dat"
        )
    }

    private func types(of made: ConvertedModel, _ home: DockerHome) async throws -> Set<String> {
        var options = InspectOptions()
        options.listsTensors = true
        let read = try await Inspect(try home.home.reference(made.path), options)
            .run(in: home.workspace()) { _ in }
        return Set((read.tensors ?? []).map(\.type))
    }

    @Test func `what nobody makes here, the tools make, with what they need for it`() async throws {
        try await with { home in
            let source = try wideGGUF(in: home)
            let reports = Reports()
            let made = try await convert(source, ["iq4_xs", "IQ3-S", "tq2_0"], home, reports: reports)
            #expect(made.map(\.quant) == ["iq4_xs", "iq3_s", "tq2_0"])
            #expect(reports.notes.contains { $0.contains("iq4_xs here") && $0.contains(LlamaTools.image) })
            for (one, type) in zip(made, ["iq4_xs", "iq3_s", "tq2_0"]) {
                #expect(try await types(of: one, home).contains(type))
                #expect(try home.home.manifest("wide/gguf/\(type)").quant == type)
            }
            let without = await failure {
                try await convert(source, ["iq2_xs"], home) { $0.engine = .container }
            }
            #expect(without?.kind == .unsupported && without?.hint?.contains("--imatrix") == true)
            let importance = try matrix(in: home)
            let tiny = try await convert(source, ["iq2_xs", "q4_k_m"], home) { $0.importance = importance }
            #expect(try await types(of: tiny[0], home).contains("iq2_xs"))
            let plan = try await home.home.conversion(source.string, ["iq2_xs"]) {
                ($0.importance, $0.force) = (importance, true)
            }
            .plan(in: home.workspace()) { _ in }
            // What is told before it is made is no less than what comes of it.
            let (size, planned) = (tiny[0].sizeBytes.bytes, plan.targets[0].sizeBytes.bytes)
            #expect((size...size * 2).contains(planned), "\(planned) for \(size)")
        }
    }

    @Test func `what the tools read and write is looked at as what is made here`() async throws {
        try await with { home in
            try await LlamaTools.loadLying(into: home.engine)
            let damaged = try wideGGUF(in: home, isDamaged: true)
            for quant in ["q4_k_m", "iq4_xs"] {
                let bad = await failure {
                    try await convert(damaged, [quant], home) { $0.engine = .container }
                }
                #expect(bad?.kind == .invalid && bad?.message.contains("blk.0.ffn_up.weight") == true)
            }
            let source = try wideGGUF(in: home)
            let lied = await failure {
                try await convert(source, ["q8_0"], home) {
                    ($0.engine, $0.image) = (.container, LlamaTools.lyingImage)
                }
            }
            #expect(lied?.kind == .failed && lied?.message.contains("too far from the source") == true)
            #expect(try home.home.visibleFiles().isEmpty)
            #expect(try home.home.partials().isEmpty)
        }
    }

    @Test func `the stack's own image is taken where it has the tools that are needed`() async throws {
        try await with(image: LlamaTools.ownImage) { home in
            try await LlamaTools.loadOwn(into: home.engine)
            let source = try wideGGUF(in: home)
            let reports = Reports()
            let made = try await convert(source, ["iq4_nl"], home, reports: reports)
            #expect(reports.notes.contains { $0.contains(LlamaTools.ownImage) })
            let image = try home.home.manifest("wide/gguf/iq4_nl").conversion?.image
            #expect(image?.name == LlamaTools.ownImage && made.map(\.quant) == ["iq4_nl"])
            // It is taken in the same way by its name, with which the model is made again.
            let again = try await convert(source, ["iq4_nl"], home) {
                ($0.engine, $0.image, $0.force) = (.container, LlamaTools.ownImage, true)
            }
            #expect(again.map(\.wasThere) == [false])
            // Safetensors need the converter too, which it has not.
            let folder = try home.home.sampleFolder()
            let failure = await failure {
                try await convert(folder, ["f16"], home) { $0.engine = .container }
            }
            #expect(failure?.hint?.contains("docker pull ghcr.io/ggml-org/llama.cpp:full") == true)
        }
    }

    @Test func `the tools are found where the image begins with something else`() async throws {
        try await with(image: LlamaTools.derivedImage) { home in
            try await LlamaTools.loadDerived(into: home.engine)
            let folder = try home.home.sampleFolder()
            try FileSystem.copy(try home.home.sampleGGUF("f16"), to: folder.appending("converted.json"))
            for image in [nil, LlamaTools.derivedImage] {
                let made = try await convert(folder, ["f16", "q8_0"], home) {
                    ($0.engine, $0.image, $0.force, $0.leavesOutput) = (.container, image, true, true)
                }
                #expect(made.map(\.wasThere) == [false, false])
            }
        }
    }

    @Test func `an image is looked into once, and a look removes nothing`() async throws {
        let engine = try await PrivateEngine(.docker)
        try await LlamaTools.load(into: engine)
        let home = try TestHome(try sampleRepository())
        try home.directory.write(
            "engine: llamacpp\ncontainer: none\nimage: \(LlamaTools.image)\n",
            to: "home/stacks/llamacpp/stack.yaml"
        )
        let workspace = home.workspace(["DOCKER_HOST": "unix://\(engine.socket)"])
        let client = DockerClient(socket: engine.socket)
        // Begun by a stackctl that is gone.
        var own = ProcessIdentity.own.description.split(separator: "/").map(String.init)
        own[2] = "4999999"
        var left = ContainerPlan(image: LlamaTools.image, command: ["--wait"])
        left.labels = [
            "io.stackctl.work": "/elsewhere", "io.stackctl.owner": own.joined(separator: "/"),
        ]
        let id = try await client.create(left, named: "left")
        let conversion = try home.conversion(SampleModel.repository, ["f16"]) { $0.engine = .container }
        let planned = Reports()
        _ = try await conversion.plan(in: workspace, report: planned.reporter)
        #expect(planned.notes.count { $0.contains(LlamaTools.image) } == 1)
        #expect(try await client.containers(label: "io.stackctl.work").map(\.id) == [id])
        let reports = Reports()
        // It fetches the model and then the tools refuse it.
        _ = await failure { try await conversion.run(in: workspace, report: reports.reporter) }
        #expect(reports.notes.count { $0.contains(LlamaTools.image) } == 1)
        #expect(try await client.containers(label: "io.stackctl.work").isEmpty)
        try await engine.stop()
    }

    @Test func `only what is not known here goes to the tools, and nothing that is wrong`() async throws {
        try await with { home in
            func folder(_ change: (FilePath) throws -> Void) throws -> FilePath {
                let folder = try home.home.sampleFolder()
                for name in try FileSystem.list(folder) where name == "converted.json" {
                    try FileSystem.remove(folder.appending(name))
                }
                try FileSystem.copy(
                    try home.home.sampleGGUF("f16"),
                    to: folder.appending("converted.json")
                )
                try change(folder)
                return folder
            }
            func replace(_ text: String, by other: String, in file: FilePath) throws {
                let old = String(decoding: try FileSystem.read(file), as: UTF8.self)
                try FileSystem.write(Array(old.replacing(text, with: other).utf8), to: file)
            }
            let newer: (FilePath) throws -> Void = {
                try replace("LlamaFor", by: "NewerFor", in: $0.appending("config.json"))
            }
            let elsewhere: [(says: String, change: (FilePath) throws -> Void)] = [
                ("NewerForCausalLM", newer),
                ("finds words", { try replace("{1,3}", by: "{1,4}", in: $0.appending("tokenizer.json")) }),
            ]
            for (says, change) in elsewhere {
                let reports = Reports()
                _ = try await convert(try folder(change), ["f16"], home, reports: reports) { $0.force = true }
                #expect(
                    reports.notes.contains { $0.contains(says) && $0.contains(LlamaTools.image) },
                    "\(says)"
                )
            }
            // Somebody has said how its tokenizer is, and the tools cannot be told.
            let told = await failure {
                try await convert(try folder(newer), ["bf16"], home) {
                    $0.preTokenizer = PreTokenizerChoice(parsing: "llama-bpe")
                }
            }
            #expect(told?.kind == .unsupported)
            let wrong: [(FilePath) throws -> Void] = [
                { try FileSystem.write(Array("{".utf8), to: $0.appending("config.json")) },
                { try FileSystem.write(Array("{}".utf8), to: $0.appending("tokenizer.json")) },
                { try FileSystem.write(Array("{}".utf8), to: $0.appending("config.json")) },
            ]
            for change in wrong {
                let reports = Reports()
                let path = try folder(change)
                let failure = await failure { try await convert(path, ["q8_0"], home, reports: reports) }
                #expect(failure != nil && !reports.notes.contains { $0.contains(LlamaTools.image) })
            }
        }
    }

    @Test func `an engine that keeps no logs is listened to all the same`() async throws {
        let engine = try await PrivateEngine(.docker, options: ["--log-driver=none"])
        try await LlamaTools.load(into: engine)
        let home = try TestHome()
        let folder = try home.sampleFolder()
        try home.directory.write(
            "engine: llamacpp\ncontainer: none\nimage: \(LlamaTools.serverImage)\n",
            to: "home/stacks/llamacpp/stack.yaml"
        )
        var options = ConvertOptions()
        options.engine = .container
        let conversion = Convert(try home.reference(folder.string), options)
        let workspace = home.workspace(["DOCKER_HOST": "unix://\(engine.socket)"])
        let failure = await failure { try await conversion.run(in: workspace) { _ in } }
        #expect(
            failure?.message.contains("Model NewForCausalLM is not supported") == true,
            "\(failure as Any)"
        )
        try await engine.stop()
    }
}
