extension SettingKey {
    init(
        _ name: String,
        path: String? = nil,
        _ rule: SettingRule,
        _ summary: String,
        reach: Setting.Reach = .model,
        engines: Set<EngineName> = Set(EngineName.allCases),
        usual: String? = nil,
        example: String
    ) {
        let setting = Setting(
            name,
            path: path,
            rule,
            summary,
            reach: reach,
            engines: engines,
            usual: usual,
            example: example
        )
        self.init(setting)
    }
}

/// A model: which one, and in which form.
extension SettingKey where Value == String {
    /// The model itself.
    public static var model: Self {
        Self(
            "model",
            .model,
            "The model, as `pull` takes it",
            reach: .everywhere,
            example: "qwen2.5-coder:7b"
        )
    }
    /// One file of the repository.
    public static var file: Self {
        Self(
            "file",
            .word,
            "One file of the model's repository, where it has several models",
            example: "model-q4_k_m.gguf"
        )
    }
    /// The state of the repository.
    public static var revision: Self {
        Self(
            "revision",
            .word,
            "A branch, a tag or a commit of the model's repository",
            usual: "the newest",
            example: "main"
        )
    }
    /// What clients call it.
    public static var servedName: Self {
        Self(
            "served_name",
            .word,
            "What clients call the model; mistral.rs knows it by its path alone",
            engines: [.llamacpp, .vllm],
            usual: "the name of the model",
            example: "assistant"
        )
    }
}
extension SettingKey where Value == ModelFormat {
    /// The format of its files.
    public static var format: Self {
        Self(
            "format",
            .choice(ModelFormat.allCases.map(\.rawValue)),
            "The format of the model's files",
            reach: .everywhere,
            usual: "what the engine serves best",
            example: "gguf"
        )
    }
}
extension SettingKey where Value == Quantization {
    /// The quantization of its files.
    public static var quant: Self {
        Self(
            "quant",
            .quantization,
            "The quantization to pull and to serve",
            reach: .everywhere,
            example: "q4_k_m"
        )
    }
}

/// How much it is given.
extension SettingKey where Value == Int {
    private static var count: SettingRule {
        SettingRule.integer(1...65_536)
    }

    /// The tokens of the context.
    public static var context: Self {
        Self(
            "context_size",
            path: "context",
            .integer(1...(1 << 30)),
            "Tokens of context: of all requests together, for vLLM of each",
            reach: .everywhere,
            usual: "the model's own limit, at most 16384",
            example: "16384"
        )
    }
    /// The requests served at once.
    public static var parallel: Self {
        Self(
            "parallel",
            count,
            "Requests that are served at once",
            reach: .everywhere,
            example: "4"
        )
    }
    /// The tokens of one pass over a prompt.
    public static var batch: Self {
        Self(
            "batch",
            .integer(1...(1 << 24)),
            "Tokens of prompts that one pass may take",
            engines: [.llamacpp, .vllm],
            example: "2048"
        )
    }
    /// The tokens that the hardware works on at once.
    public static var microBatch: Self {
        Self(
            "micro_batch",
            .integer(1...(1 << 24)),
            "Tokens that the hardware works on at once",
            engines: [.llamacpp],
            usual: "512",
            example: "512"
        )
    }
    /// The threads.
    public static var threads: Self {
        Self(
            "threads",
            .integer(1...4096),
            "Threads of the CPU",
            reach: .everywhere,
            engines: [.llamacpp, .mistralrs],
            usual: "one a core",
            example: "8"
        )
    }
    /// The GPUs that share each tensor.
    public static var tensorParallel: Self {
        Self(
            "tensor_parallel",
            path: "gpu.tensor_parallel",
            count,
            "GPUs that share every tensor",
            reach: .everywhere,
            engines: [.vllm, .mistralrs],
            usual: "vLLM: 1, mistral.rs: all that it sees",
            example: "2"
        )
    }
    /// The groups of GPUs that share the layers.
    public static var pipelineParallel: Self {
        Self(
            "pipeline_parallel",
            path: "gpu.pipeline_parallel",
            count,
            "Groups of GPUs that the layers are shared out to",
            engines: [.vllm],
            usual: "1",
            example: "2"
        )
    }
    /// The GPU of what is not shared.
    public static var mainGPU: Self {
        Self(
            "main_gpu",
            path: "gpu.main",
            .integer(0...1023),
            "The GPU of what is not shared out",
            engines: [.llamacpp],
            usual: "0",
            example: "0"
        )
    }
    /// The tokens guessed ahead.
    public static var speculativeTokens: Self {
        Self(
            "speculative_tokens",
            path: "speculative.tokens",
            .integer(1...64),
            "Tokens that are guessed ahead at once",
            example: "3"
        )
    }
    /// The largest rank of an adapter.
    public static var maxLoRARank: Self {
        Self(
            "max_lora_rank",
            .integer(1...512),
            "The largest rank of an adapter",
            engines: [.vllm, .mistralrs],
            usual: "what the adapters need",
            example: "64"
        )
    }
    /// The adapters in one batch.
    public static var maxLoRAs: Self {
        Self(
            "max_loras",
            .integer(1...1024),
            "Adapters that are kept ready",
            engines: [.vllm, .mistralrs],
            usual: "as many as are declared",
            example: "2"
        )
    }
    /// The most tokens of an answer.
    public static var maxTokens: Self {
        Self(
            "max_tokens",
            path: "generation.max_tokens",
            .integer(1...(1 << 30)),
            "Tokens of an answer at most",
            reach: .everywhere,
            engines: [.llamacpp, .vllm],
            example: "4096"
        )
    }
    /// The number of likeliest tokens to draw from.
    public static var topK: Self {
        Self(
            "top_k",
            path: "generation.top_k",
            .integer(0...1_000_000),
            "How many of the likeliest tokens one is drawn from; 0 for all",
            reach: .everywhere,
            engines: [.llamacpp, .vllm],
            example: "40"
        )
    }
    /// The seed of chance.
    public static var seed: Self {
        Self(
            "seed",
            path: "generation.seed",
            .integer(0...4_294_967_294),
            "The seed of chance, for answers that can be had again",
            reach: .everywhere,
            example: "42"
        )
    }
}
