/// Where it lies while it is served.
extension SettingKey where Value == String {
    /// The layers on the GPU.
    public static var gpuLayers: Self {
        Self(
            "gpu_layers",
            path: "gpu.layers",
            .integer(0...100_000, or: ["auto", "all"]),
            "Layers on the GPU: `auto` for as many as fit",
            reach: .everywhere,
            engines: [.llamacpp],
            usual: "auto",
            example: "auto"
        )
    }
    /// The experts on the CPU.
    public static var expertsOnCPU: Self {
        Self(
            "experts_on_cpu",
            path: "gpu.experts_on_cpu",
            .integer(1...100_000, or: ["all"]),
            "Layers whose experts stay in RAM, in a mixture of experts",
            engines: [.llamacpp],
            example: "all"
        )
    }
    /// How several GPUs share it.
    public static var split: Self {
        Self(
            "split",
            path: "gpu.split",
            .choice(["none", "layer", "row", "tensor"]),
            "How several GPUs share the model",
            engines: [.llamacpp],
            usual: "layer",
            example: "layer"
        )
    }
    /// The type of the cache.
    public static var cacheType: Self {
        Self(
            "kv_type",
            .choice([
                "auto", "f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl", "fp8",
                "fp8_e4m3",
                "fp8_e5m2",
            ]),
            "The type of what is cached of the context",
            reach: .everywhere,
            usual: "f16",
            example: "q8_0"
        )
    }
    /// Whether attention is fused.
    public static var flashAttention: Self {
        Self(
            "flash_attention",
            .choice(["auto", "on", "off"]),
            "Attention in one fused step, which a quantized cache needs",
            reach: .everywhere,
            engines: [.llamacpp],
            usual: "auto",
            example: "auto"
        )
    }
    /// The type of the arithmetic.
    public static var dtype: Self {
        Self(
            "dtype",
            .choice(["auto", "f16", "bf16", "f32"]),
            "The type that the weights are computed in",
            engines: [.vllm, .mistralrs],
            usual: "auto",
            example: "bf16"
        )
    }
    /// How the files come into memory.
    public static var loadMode: Self {
        Self(
            "load_mode",
            .choice(["auto", "none", "mmap", "mlock", "mmap+mlock", "dio"]),
            "How the files come into memory: mapped, locked there, read past the cache",
            engines: [.llamacpp, .mistralrs],
            usual: "auto",
            example: "mmap"
        )
    }
    /// The template of chats.
    public static var chatTemplate: Self {
        Self(
            "chat_template",
            .word,
            "The template of chats: a file as the container sees it, for llama.cpp also the name of one of its own",
            usual: "the model's own",
            example: "chatml"
        )
    }
    /// What reads calls of tools.
    public static var toolParser: Self {
        Self(
            "tool_parser",
            .word,
            "What reads calls of tools out of answers, a name of vLLM's",
            engines: [.vllm],
            example: "hermes"
        )
    }
    /// The way of guessing ahead.
    public static var speculativeMethod: Self {
        Self(
            "speculative_method",
            path: "speculative.method",
            .choice(["draft", "mtp", "eagle3", "ngram"]),
            "How tokens are guessed ahead: by a smaller model, by a head of the model itself, from the prompt",
            example: "draft"
        )
    }
    /// The smaller model.
    public static var speculativeModel: Self {
        Self(
            "speculative_model",
            path: "speculative.model",
            .word,
            "The smaller model: a stored one, or a path as the container sees it",
            example: "qwen2.5-coder:0.5b"
        )
    }
    /// The projector.
    public static var projector: Self {
        Self(
            "projector",
            .word,
            "The projector of a model that sees or hears: `auto`, `none`, or a path as the container sees it",
            engines: [.llamacpp, .mistralrs],
            usual: "auto",
            example: "none"
        )
    }
}
extension SettingKey where Value == [Int] {
    /// The GPUs.
    public static var devices: Self {
        Self(
            "gpu_devices",
            path: "gpu.devices",
            .list(.integer(0...1023)),
            "The GPUs to use, by their numbers",
            reach: .everywhere,
            usual: "all",
            example: "[0, 1]"
        )
    }
}
extension SettingKey where Value == [Double] {
    /// The shares of the GPUs.
    public static var tensorSplit: Self {
        Self(
            "tensor_split",
            path: "gpu.tensor_split",
            .list(.number(0...1_000_000)),
            "The share of each GPU, for example [3, 1]",
            engines: [.llamacpp],
            example: "[3, 1]"
        )
    }
}
extension SettingKey where Value == Double {
    /// The share of the GPU's memory.
    public static var memoryFraction: Self {
        Self(
            "memory_fraction",
            path: "gpu.memory_fraction",
            .number(0...1, excludesLowest: true),
            "The share of each GPU's memory that the engine may take",
            reach: .everywhere,
            engines: [.vllm, .mistralrs],
            usual: "0.9",
            example: "0.9"
        )
    }
    /// How far answers stray.
    public static var temperature: Self {
        Self(
            "temperature",
            path: "generation.temperature",
            .number(0...2),
            "How far answers may stray: 0 for the likeliest alone",
            reach: .everywhere,
            engines: [.llamacpp, .vllm],
            example: "0.7"
        )
    }
    /// The likeliest tokens to draw from.
    public static var topP: Self {
        Self(
            "top_p",
            path: "generation.top_p",
            .number(0...1, excludesLowest: true),
            "The part of all likelihood that tokens are drawn from",
            reach: .everywhere,
            engines: [.llamacpp, .vllm],
            example: "0.9"
        )
    }
    /// The least likelihood.
    public static var minP: Self {
        Self(
            "min_p",
            path: "generation.min_p",
            .number(0...1),
            "The least likelihood of a token, as a part of the likeliest one's",
            reach: .everywhere,
            engines: [.llamacpp, .vllm],
            example: "0.05"
        )
    }
    /// How repeating is held against a token.
    public static var repeatPenalty: Self {
        Self(
            "repeat_penalty",
            path: "generation.repeat_penalty",
            .number(0...10, excludesLowest: true),
            "How much repeating is held against a token: 1 for not at all",
            reach: .everywhere,
            engines: [.llamacpp, .vllm],
            example: "1.1"
        )
    }
}
extension SettingKey where Value == [String] {
    /// What ends an answer.
    public static var stop: Self {
        Self(
            "stop",
            path: "generation.stop",
            .list(.word),
            "Texts that end an answer",
            engines: [.llamacpp],
            example: "[\"</s>\"]"
        )
    }
    /// The machines.
    public static var nodes: Self {
        Self(
            "nodes",
            .list(.host),
            "The addresses of several machines that serve the model together, the first one's first",
            engines: [.vllm, .llamacpp],
            example: "[10.0.0.1, 10.0.0.2]"
        )
    }
    /// Further words of an engine's command.
    public static func extra(of engine: EngineName) -> Self {
        Self(
            "extra_\(engine.rawValue)",
            path: "extra.\(engine.rawValue)",
            .list(.word),
            "Further arguments of \(engine.rawValue), as they are",
            engines: [engine],
            example: "[--option, value]"
        )
    }
}
extension SettingKey where Value == SecretReference {
    /// The key that clients need.
    public static var apiKey: Self {
        Self(
            "api_key",
            .secret,
            "The key that clients need: `env:NAME` of a variable that has it, or `file:PATH` of this machine, from the home on",
            engines: [.llamacpp, .vllm],
            example: "env:API_KEY"
        )
    }
}
