import Catalog

extension LaunchCommand {
    /// The command of vLLM's server.
    static func vLLM(_ request: LaunchRequest) throws(LaunchRefusal) -> LaunchCommand {
        // GGUF came to be a plugin that the official image does not have; bitsandbytes was dropped.
        guard request.format == .safetensors else { throw .formatNotServed(.vllm, request.format) }
        if let quantization = request.quantization, quantization.name.hasPrefix("bnb") {
            throw .quantizationNotServed(.vllm, quantization)
        }
        let name = request.servedName
        // Its parser would take such a name for an option.
        guard !name.isEmpty, !name.hasPrefix("-") else { throw .nameNotServed(.vllm, name) }
        if request.settings[SettingKey<DeclaredMixture>.mixture] != nil {
            throw .adaptersNotServed(.vllm, architecture: nil)
        }
        let folder = try ModelFiles.folder(safetensors: request.files)
        // The model comes first: several options take all words that follow them.
        var command = LaunchCommand(["vllm", "serve", folder], model: name)
        // The first start of a large model takes longer than the ten minutes it gives itself.
        command.environment = ["HF_HUB_OFFLINE": "1", "VLLM_ENGINE_READY_TIMEOUT_S": "1800"]
        command.add("--served-model-name", name, reserved: true)
        command.add("--host", request.stack.defaults.host, reserved: true)
        command.add("--port", "\(request.stack.port)", reserved: true)
        // It does not start with more than the model's own limit.
        command.add("--max-model-len", request.contextPerRequest)
        try command.addVLLMHardware(request)
        try command.addVLLMAdapters(request)
        try command.addVLLMChat(request)
        try command.addVLLMNodes(request)
        return command
    }

    // MARK: Hardware

    private mutating func addVLLMHardware(_ request: LaunchRequest) throws(LaunchRefusal) {
        let settings = request.settings
        add("--gpu-memory-utilization", settings[SettingKey.memoryFraction])
        add("--max-num-seqs", settings[SettingKey.parallel])
        add("--max-num-batched-tokens", settings[SettingKey.batch])
        add("--tensor-parallel-size", settings[SettingKey.tensorParallel])
        add("--pipeline-parallel-size", request.pipelineParallel)
        if let type = settings[SettingKey.cacheType], type != "auto" {
            let names = ["f16": "float16", "bf16": "bfloat16"]
            // Its parser takes any word, and the engine stops later.
            guard names[type] != nil || type.hasPrefix("fp8") else { throw .cacheTypeNotServed(.vllm, type) }
            add("--kv-cache-dtype", names[type] ?? type)
        }
        let types = ["f16": "float16", "bf16": "bfloat16", "f32": "float32"]
        add("--dtype", settings[SettingKey.dtype].map { types[$0] ?? $0 })
    }

    // MARK: Several machines

    private mutating func addVLLMNodes(_ request: LaunchRequest) throws(LaunchRefusal) {
        let nodes = request.nodes
        if let address = nodes.first(where: { $0.hasPrefix("-") }) { throw .addressNotServed(.vllm, address) }
        let wanted = (request.settings[SettingKey.tensorParallel] ?? 1) * (request.pipelineParallel ?? 1)
        // Each machine has as many GPUs of it as every other one.
        guard wanted.isMultiple(of: max(1, nodes.count)) else {
            throw .settingsConflict(.vllm, "nodes", "gpu.tensor_parallel")
        }
        if let devices = request.settings[SettingKey<[Int]>.devices],
            wanted > devices.count * max(1, nodes.count)
        {
            throw .settingsConflict(.vllm, "gpu.devices", "gpu.tensor_parallel")
        }
    }

    // MARK: Adapters

    /// The ranks that its kernels were made for.
    private static let ranks = EngineFlags.of(.vllm)["--max-lora-rank"]?.choices?.compactMap { Int($0) } ?? []

    private mutating func addVLLMAdapters(_ request: LaunchRequest) throws(LaunchRefusal) {
        let adapters = request.adapters
        let settings = request.settings
        guard !adapters.isEmpty else {
            leave(SettingKey.maxLoRAs, of: request)
            leave(SettingKey.maxLoRARank, of: request)
            return
        }
        for adapter in adapters {
            if adapter.isGGUF { throw .adapterFormNotServed(.vllm, path: adapter.path) }
            let isTaken = adapter.name == request.servedName || adapter.name.isEmpty
            if isTaken || adapter.name.hasPrefix("-") { throw .nameNotServed(.vllm, adapter.name) }
        }
        add("--enable-lora", all: [])
        add("--max-loras", "\(settings[SettingKey.maxLoRAs] ?? adapters.count)")
        let rank = adapters.compactMap(\.rank).max()
        let most = settings[SettingKey.maxLoRARank] ?? Self.ranks.max() ?? 0
        if let rank, rank > most { throw .rankNotServed(.vllm, rank: rank, most: most) }
        if let wanted = settings[SettingKey.maxLoRARank] ?? rank {
            guard let member = Self.ranks.filter({ $0 >= wanted }).min() else {
                throw .rankNotServed(.vllm, rank: wanted, most: Self.ranks.max() ?? 0)
            }
            add("--max-lora-rank", "\(member)")
        }
        // All behind one option: a second one would take the place of the first.
        add("--lora-modules", all: adapters.map(Self.module), reserved: true)
        // An adapter has the strength that its own file says.
        if adapters.contains(where: { $0.scale != nil && $0.scale != 1 }) { leaveScales() }
    }

    /// `NAME=PATH`, or JSON where that would be read as something else.
    private static func module(_ adapter: LaunchAdapter) -> String {
        let isPlain = !adapter.path.contains(",") && !adapter.name.contains { ",={".contains($0) }
        guard !isPlain else { return "\(adapter.name)=\(adapter.path)" }
        return JSONText.object([("name", .text(adapter.name)), ("path", .text(adapter.path))])
    }

    // MARK: Answers

    private mutating func addVLLMChat(_ request: LaunchRequest) throws(LaunchRefusal) {
        let settings = request.settings
        if let template = settings[SettingKey.chatTemplate] {
            // It would take any other text for the template itself.
            guard template.contains("/") else { throw .templateNotServed(.vllm, template) }
            add("--chat-template", template)
        }
        if let parser = settings[SettingKey.toolParser] {
            add("--enable-auto-tool-choice")
            add("--tool-call-parser", parser)
        }
        let numbers: [(String, Double?)] = [
            ("temperature", settings[SettingKey.temperature]), ("top_p", settings[SettingKey.topP]),
            ("top_k", settings[SettingKey.topK].map(Double.init)), ("min_p", settings[SettingKey.minP]),
            ("max_new_tokens", settings[SettingKey.maxTokens].map(Double.init)),
            ("repetition_penalty", settings[SettingKey.repeatPenalty]),
        ]
        let told = numbers.compactMap { name, value in value.map { (name, JSONText.number($0)) } }
        if !told.isEmpty { add("--override-generation-config", JSONText.object(told)) }
        add("--seed", settings[SettingKey.seed])
        guard let speculation = request.speculation else { return }
        let methods: [LaunchRequest.Speculation: String] = [.draft: "draft_model"]
        var parts: [(String, JSONText)] = [("method", .text(methods[speculation] ?? speculation.rawValue))]
        if speculation != .ngram, let path = try request.draftPath() { parts.append(("model", .text(path))) }
        // It does not start without a number, and has none of its own.
        let usual = speculation == .mtp ? 1 : 3
        let tokens = settings[SettingKey.speculativeTokens] ?? usual
        parts.append(("num_speculative_tokens", .number(Double(tokens))))
        add("--speculative-config", JSONText.object(parts))
    }
}

extension LaunchCommand {
    /// Notes that the strength of adapters comes to nothing.
    mutating func leaveScales() { unused.append(DeclaredAdapter.scaleSetting) }
}

extension LaunchRequest {
    /// The groups of GPUs that share out the layers: where nobody says so and the machines would not have equal parts, each
    /// machine is a group.
    var pipelineParallel: Int? {
        if let told = settings[SettingKey.pipelineParallel] { return told }
        let tensors = settings[SettingKey.tensorParallel] ?? 1
        return tensors.isMultiple(of: max(1, nodes.count)) ? nil : nodes.count
    }
}
