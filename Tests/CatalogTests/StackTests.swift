import Catalog
import Platform
import SystemPackage
import TestSupport
import Testing

struct StackTests {
    private let folder: TemporaryDirectory
    private var home: Home {
        Home.locate(flag: folder.path.string, environment: ["HOME": "/home/ada"], workingDirectory: "/")
    }

    init() throws { folder = try TemporaryDirectory() }

    private func read(_ text: String) throws -> Stack {
        try folder.write(text, to: "stacks/mine/stack.yaml")
        return try #require(try home.stack(named: "mine"))
    }

    @Test func `what is left out has a default`() throws {
        let stack = try read("engine: llamacpp\n")
        let own = folder.appending("stacks/mine")
        #expect((stack.name, stack.engine, stack.folder) == ("mine", .llamacpp, own))
        #expect(stack.models == .folder(own.appending("models")))
        #expect((stack.mount, stack.adapters) == ("/models", own.appending("adapters")))
        #expect(stack.container == .named("mine"))
        #expect((stack.host, stack.port, stack.health) == ("127.0.0.1", 8080, "/health"))
        #expect(stack.composeFile == own.appending("compose.yaml"))
        #expect(stack.image == nil && stack.quota == nil)
        #expect((stack.defaults.format, stack.defaults.host, stack.defaults.extra) == (.gguf, "0.0.0.0", []))
        #expect(stack.defaults.quantization == nil && stack.defaults.context == nil)
        #expect(
            stack.defaults.gpuLayers == nil && stack.defaults.parallel == nil
                && stack.defaults.memoryFraction == nil
        )
        #expect(stack.origin == .file(own.appending("stack.yaml")))
    }

    @Test(arguments: [
        (EngineName.llamacpp, ModelFormat.gguf, 8080), (.mistralrs, .gguf, 1234), (.vllm, .safetensors, 8000),
    ])
    func `format and port follow the engine`(_ engine: EngineName, _ format: ModelFormat, _ port: Int) throws
    {
        for text in ["engine: \(engine.rawValue)\n", "engine: \(engine.rawValue)\ndefaults: {parallel: 1}\n"]
        {
            let stack = try read(text)
            #expect((stack.defaults.format, stack.port) == (format, port))
        }
    }

    @Test func `everything that is said is kept`() throws {
        let stack = try read(
            """
            engine: vllm
            models: /srv/models/
            mount: /data
            adapters: ../both/adapters
            container: {project: ai, service: vllm}
            image: vllm/vllm-openai:v1
            host: 10.0.0.1
            port: 9000
            health: /ping
            compose: deploy/compose.yaml
            quota: 1.5TB
            defaults:
              quant: Q8
              format: gguf
              context: 16384
              gpu_layers: 20
              parallel: 4
              memory_fraction: 0.85
              host: "::"
              extra: [--flash-attn, on, "--n", "2"]
            """
        )
        #expect(stack.models == .folder("/srv/models"))
        #expect((stack.mount, stack.adapters) == ("/data", folder.appending("stacks/both/adapters")))
        #expect(stack.container == .service(project: "ai", service: "vllm"))
        #expect(
            (stack.image, stack.host, stack.port, stack.health) == (
                "vllm/vllm-openai:v1", "10.0.0.1", 9000, "/ping"
            )
        )
        #expect(stack.composeFile == folder.appending("stacks/mine/deploy/compose.yaml"))
        #expect(stack.quota == 1_500_000_000_000)
        #expect((stack.defaults.quantization?.name, stack.defaults.format) == ("q8_0", .gguf))
        #expect(
            (stack.defaults.context, stack.defaults.gpuLayers, stack.defaults.parallel) == (16384, "20", 4)
        )
        #expect((stack.defaults.memoryFraction, stack.defaults.host) == (0.85, "::"))
        #expect(stack.defaults.extra == ["--flash-attn", "on", "--n", "2"])
    }

    @Test(
        arguments: [
            ("volume:llm_models", Stack.Volume.dockerVolume("llm_models")),
            ("~/models", .folder("/home/ada/models")),
            ("'~'", .folder("/home/ada")), ("/a/../b", .folder("/b")), ("'vol ume'", nil),
        ] as [(String, Stack.Volume?)]
    )
    func `models are in a folder or in a volume of Docker`(_ text: String, _ volume: Stack.Volume?) throws {
        let stack = try read("engine: vllm\nmodels: \(text)\n")
        #expect(stack.models == volume ?? .folder(folder.appending("stacks/mine/vol ume")))
    }

    static let mistakes: [MistakeCase] = [
        .init("", "s.yaml:1:1: `engine` is missing"),
        .init("engine: ollama\n", "s.yaml:1:9: `ollama` is none of `mistralrs`, `llamacpp`, `vllm`"),
        .init(
            "engin: vllm\nport: 70000\n",
            "s.yaml:1:1: unknown key `engin`: did you mean `engine`?",
            "s.yaml:1:1: `engine` is missing",
            "s.yaml:2:7: 70000 is out of range: it must be from 1 to 65535"
        ),
        .init("engine: vllm\nport: '80'\n", "s.yaml:2:7: expected a whole number, found `80`"),
        .init("engine: vllm\nmount: models\n", "s.yaml:2:8: `models` must begin with `/` and have no spaces"),
        .init(
            "engine: vllm\nhealth: health\n",
            "s.yaml:2:9: `health` must begin with `/` and have no spaces"
        ),
        .init(
            "engine: vllm\nmodels: volume:a b\n",
            "s.yaml:2:9: `a b` cannot be the name of a Docker volume"
        ),
        .init("engine: vllm\nmodels: ~/x\n", "s.yaml:2:9: `~` means nothing here: no home folder is known"),
        .init("engine: vllm\nmodels:\n", "s.yaml:2:8: expected text, found nothing"),
        .init("engine: vllm\ncontainer: a/b\n", "s.yaml:2:12: `a/b` cannot be the name of a container"),
        .init(
            "engine: vllm\ncontainer: {project: a, servic: b}\n",
            "s.yaml:2:12: `service` is missing: a container of Compose has a project and a service",
            "s.yaml:2:25: unknown key `servic`: did you mean `service`?"
        ),
        .init("engine: vllm\nquota: much\n", "s.yaml:2:8: `much` is not a size such as `200GB`"),
        .init("engine: vllm\nquota: 0\n", "s.yaml:2:8: `0` is not a size such as `200GB`"),
        .init(
            "engine: vllm\ndefaults: {quant: big}\n",
            "s.yaml:2:19: `big` is not the name of a quantization"
        ),
        .init(
            "engine: vllm\ndefaults: {format: onnx}\n",
            "s.yaml:2:20: `onnx` is none of `gguf`, `safetensors`, `uqff`"
        ),
        .init(
            "engine: vllm\ndefaults: {context: 16k}\n",
            "s.yaml:2:21: expected a whole number, found `16k`"
        ),
        .init(
            "engine: vllm\ndefaults: {gpu_layers: most}\n",
            "s.yaml:2:24: `most` is neither `all`, `auto` nor a number of layers"
        ),
        .init(
            "engine: vllm\ndefaults: {gpu_layers: -1}\n",
            "s.yaml:2:24: `-1` is neither `all`, `auto` nor a number of layers"
        ),
        .init(
            "engine: vllm\ndefaults: {memory_fraction: 1.1}\n",
            "s.yaml:2:29: it must be above 0 and at most 1"
        ),
        .init(
            "engine: vllm\ndefaults: {memory_fraction: 0}\n",
            "s.yaml:2:29: it must be above 0 and at most 1"
        ),
        .init(
            "engine: vllm\ndefaults: {gpulayers: 1}\n",
            "s.yaml:2:12: unknown key `gpulayers`: did you mean `gpu_layers`?"
        ),
        .init(
            "engine: vllm\ndefaults: {extra: [true]}\n",
            "s.yaml:2:20: `true` is a boolean here: quote it to mean text"
        ),
        .init("engine: vllm\nengine: vllm\n", "s.yaml:2:1: duplicate key `engine`: it is already on line 1"),
    ]

    @Test(arguments: mistakes)
    func `every mistake is reported at its place`(_ mistake: MistakeCase) {
        let problems = Stack.problems(in: Array(mistake.text.utf8), file: "s.yaml")
        #expect(problems.map(\.description).sorted() == mistake.problems.sorted())
    }

    @Test func `a stack with a mistake is an error, and the others can be used`() throws {
        let file = try folder.write("engine: vllm\nport: x\n", to: "stacks/broken/stack.yaml")
        let error = try #require(throws: DeclarationError.self) { try home.stack(named: "broken") }
        #expect(error.description == "\(file):2:7: expected a whole number, found `x`")
        #expect(throws: DeclarationError.self) { try home.stacks() }
        #expect(try home.stack(named: "vllm")?.engine == .vllm)
        #expect(try home.stackNames().contains("broken"))
    }
}
