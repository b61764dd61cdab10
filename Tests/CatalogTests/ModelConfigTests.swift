import Catalog
import Platform
import SystemPackage
import TestSupport
import Testing

@Suite struct ModelConfigTests {
    private func problems(_ text: String) -> [String] {
        ModelConfig.problems(in: Array(text.utf8), file: "a.yaml").map(\.description)
    }

    @Test func `a file of every kind of setting is read`() throws {
        let text = """
            model: qwen2.5-coder:7b
            quant: Q4-K-M
            context: 8192
            gpu: {layers: 20, devices: [0, 1], tensor_split: [3, 1.5], memory_fraction: 0.8}
            generation:
              temperature: 0
              stop: "</s>"
            api_key: env:KEY
            lora:
              - {name: sql, source: org/sql, scale: 0.5}
            extra:
              vllm: [--enforce-eager]
            """
        let config = try ModelConfig.read(
            Array(text.utf8),
            file: "a.yaml",
            name: "a",
            origin: .file("/a.yaml")
        )
        let settings = config.settings
        #expect(settings[.model] == "qwen2.5-coder:7b")
        #expect(settings[.quant] == Quantization(parsing: "q4_k_m"))
        #expect(settings[.context] == 8192)
        #expect(settings[.gpuLayers] == "20")
        #expect(settings[.devices] == [0, 1])
        #expect(settings[.tensorSplit] == [3, 1.5])
        #expect(settings[.temperature] == 0)
        #expect(settings[.stop] == ["</s>"])
        #expect(settings[.apiKey] == .variable("KEY"))
        #expect(settings[.adapters] == [DeclaredAdapter(name: "sql", source: "org/sql", scale: 0.5)])
        #expect(settings[.extra(of: .vllm)] == ["--enforce-eager"])
        #expect(settings[SettingKey.context.setting]?.origin == .file("a.yaml", line: 3))
    }

    @Test(arguments: [
        ("context: 1\n", "a.yaml:1:1: `model` is missing: say which model this is about"),
        ("model: a\ncontxt: 1\n", "a.yaml:2:1: unknown key `contxt`: did you mean `context`?"),
        ("model: a\ngpu:\n  layer: 1\n", "a.yaml:3:3: unknown key `layer`: did you mean `layers`?"),
        ("model: a\ncontext: many\n", "a.yaml:2:10: expected a whole number, found `many`"),
        (
            "model: a\ngeneration: {top_p: 1.5}\n",
            "a.yaml:2:21: 1.5 is out of range: it must be above 0 and at most 1"
        ),
        (
            "model: a\ngpu: {layers: some}\n",
            "a.yaml:2:15: `some` is not allowed: it must be `auto`, `all` or a whole number from 0 to 100000"
        ),
        (
            "model: a\nload_mode: fast\n",
            "a.yaml:2:12: `fast` is not allowed: it must be one of `auto`, `none`, `mmap`, `mlock`, `mmap+mlock`, `dio`"
        ),
        (
            "model: a\napi_key: sk-123\n",
            "a.yaml:2:10: `sk-123` is not allowed: it must be `env:NAME` or `file:PATH`"
        ),
        (
            "model: a\napi_key: file:keys/../../x\n",
            "a.yaml:2:10: `file:keys/../../x` is not allowed: it must be `env:NAME` or `file:PATH`"
        ),
        (
            "model: llama3:8b\nfile: a.gguf\n",
            "a.yaml:2:7: `file` chooses one of a repository `OWNER/NAME`, and `llama3:8b` is none"
        ),
        ("model: o/a\nfile: ../x.gguf\n", "a.yaml:2:7: `../x.gguf` is no path of a file in a repository"),
        ("model: a\nnodes: [h]\n", "a.yaml:2:8: one machine alone is named: name all, this one first"),
        (
            "model: a\nkv_type: q8_0\nflash_attention: \"off\"\n",
            "a.yaml:3:18: a quantized cache needs flash attention: it cannot be `off`"
        ),
        (
            "model: a\nbatch: 8\nmicro_batch: 16\n",
            "a.yaml:3:14: `micro_batch` is more than `batch`, which is 8"
        ),
        (
            "model: a\ngpu: {devices: [0], tensor_split: [1, 1]}\n",
            "a.yaml:2:35: there are 2 shares for 1 devices"
        ),
        (
            "model: a\ngpu: {devices: [0], tensor_parallel: 2}\n",
            "a.yaml:2:38: 2 GPUs are wanted, and 1 are named in `gpu.devices`"
        ),
        ("model: a\nspeculative: {method: draft}\n", "a.yaml:2:23: `draft` needs `speculative.model`"),
        ("model: a\nlora: [{name: x}]\n", "a.yaml:2:8: `source` is missing"),
        (
            "model: a\nlora: [{name: x, source: a/b}, {name: x, source: a/c}]\n",
            "a.yaml:2:39: there is another adapter `x` above"
        ),
        (
            "model: \"a b c\"\n",
            "a.yaml:1:8: `a b c` is not allowed: it must be a model, for example `qwen2.5-coder:7b` or `OWNER/NAME`"
        ),
    ])
    func `a mistake is told at its place`(text: String, message: String) {
        #expect(problems(text) == [message])
    }

    @Test func `every mistake of a file is told at once`() {
        let text = "model: a\ncontext: 0\nquant: \"?\"\ngpu: {main: -1}\nthreads: 0\n"
        #expect(problems(text).count == 4)
    }

    @Test(arguments: [
        ("context", "context_size"), ("context_size", "context_size"), ("temperature", "temperature"),
        ("generation.top_p", "top_p"), ("gpu.layers", "gpu_layers"), ("gpu-layers", "gpu_layers"),
        ("layers", "gpu_layers"), ("extra.vllm", "extra_vllm"),
    ])
    func `a setting is found by its path, its name or the end of it`(typed: String, name: String) {
        #expect(ModelConfig.setting(at: typed)?.name == name)
    }

    @Test func `no two settings have a name or a place in common`() {
        let table = ModelConfig.table + Settings.table.filter { $0.reach == .machine }
        #expect(Set(table.map(\.name)).count == table.count)
        #expect(Set(ModelConfig.table.map(\.path)).count == ModelConfig.table.count)
        #expect(table.allSatisfy { $0.path.split(separator: ".").count <= 2 })
    }

    @Test func `the draft of a file is right, and what it sets is read back`() throws {
        let draft = ModelConfigDraft(
            model: "llama3:8b",
            title: "Llama\nmodel: evil",
            values: ["context_size": .integer(8192), "temperature": .number(0.6)]
        )
        let bytes = Array(draft.text.utf8)
        #expect(ModelConfig.problems(in: bytes, file: "a.yaml") == [])
        let config = try ModelConfig.read(bytes, file: "a.yaml", name: "a", origin: .builtIn)
        #expect(Set(config.settings.entries.keys) == ["model", "context_size", "temperature"])
        #expect(config.settings[.model] == "llama3:8b")
        for setting in ModelConfig.table {
            let name = setting.path.split(separator: ".").last ?? ""
            #expect(draft.text.contains("\(name):"), "\(setting.path)")
        }
    }

    @Test func `every shipped file is right and names a model of the catalog`() throws {
        let catalog = try ModelCatalog.load(home: nil)
        let home = Home.locate(flag: "/nowhere", environment: [:], workingDirectory: "/")
        let names = try home.configNames()
        for needed in [
            "mistral", "mixtral", "qwen2.5-coder", "llama3", "phi3", "gemma", "deepseek-coder", "tinyllama",
            "lora",
        ] {
            #expect(names.contains { $0.hasPrefix(needed) }, "\(needed)")
        }
        for name in names {
            let config = try #require(try home.config(named: name))
            let reference = try #require(config.reference)
            if name.hasPrefix("lora") { continue }
            let entry = try #require(catalog.entry(for: reference)?.entry, "\(name)")
            // The example in a comment is no more than the model can take either.
            let text = try #require(try home.configText(named: name)).bytes
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
            let example = try #require(lines.first { $0.hasPrefix("# context: ") })
            let context = try #require(example.split(separator: " ").dropFirst(2).first.flatMap { Int($0) })
            #expect(context <= entry.context ?? .max, "\(name)")
            #expect(config.settings[.context] == nil)
        }
    }

    @Test func `random texts make no trap`() {
        var random = SeededNumbers(seed: 6)
        let base = Array(
            ModelConfigDraft(
                model: "a",
                title: "t",
                values: ["stop": .list([.text("x")]), "top_k": .integer(1)]
            ).text.utf8
        )
        for _ in 0..<800 {
            var bytes = base
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default:
                    bytes.insert(Array(":-[]{}#\"'\n &*".utf8).randomElement(using: &random) ?? 0, at: index)
                }
            }
            for problem in ModelConfig.problems(in: bytes, file: "a.yaml") {
                #expect(!problem.message.isEmpty)
            }
            _ = try? YAMLEdit.set("generation.seed", to: .integer(1)).applied(to: bytes, file: "a.yaml")
        }
    }
}
