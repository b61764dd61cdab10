import Catalog
import Formats

extension LaunchCommand {
    /// The port of the part of llama.cpp that lends another machine its GPUs.
    static let lendingPort = 50_052

    /// The command of llama.cpp's server.
    static func llamaCpp(_ request: LaunchRequest) throws(LaunchRefusal) -> LaunchCommand {
        guard request.format == .gguf else { throw .formatNotServed(.llamacpp, request.format) }
        let name = request.servedName
        // A comma would make two names of one.
        guard !name.isEmpty, !name.contains(",") else { throw .nameNotServed(.llamacpp, name) }
        // Without these weights it would be another model.
        if request.settings[SettingKey<DeclaredMixture>.mixture] != nil {
            throw .adaptersNotServed(.llamacpp, architecture: nil)
        }
        let files = try ModelFiles(gguf: request.files)
        var command = LaunchCommand(["llama-server"], model: name)
        // It finds the other shards by itself.
        command.add("--model", files.weights[0], reserved: true)
        switch request.settings[SettingKey.projector] {
        case nil, "auto": command.add("--mmproj", files.projector)
        case "none": command.add("--no-mmproj")
        case let path: command.add("--mmproj", path)
        }
        try command.addLlamaAdapters(request.adapters)
        command.add("--alias", name, reserved: true)
        command.add("--host", request.stack.defaults.host, reserved: true)
        command.add("--port", "\(request.stack.port)", reserved: true)
        command.add("--ctx-size", "\(request.pooledContext)")
        try command.addLlamaHardware(request)
        try command.addLlamaChat(request)
        command.add("--metrics")
        return command
    }

    private mutating func addLlamaAdapters(_ adapters: [LaunchAdapter]) throws(LaunchRefusal) {
        guard !adapters.isEmpty else { return }
        for adapter in adapters where !adapter.isGGUF {
            throw .adapterFormNotServed(.llamacpp, path: adapter.path)
        }
        func row(_ words: [String]) -> String { words.map(Self.field).joined(separator: ",") }
        guard adapters.contains(where: { $0.scale != nil && $0.scale != 1 }) else {
            add("--lora", row(adapters.map(\.path)), reserved: true)
            return
        }
        // It has no way to write a colon that is not the one before the scale.
        if let adapter = adapters.first(where: { $0.path.contains(":") }) {
            throw .pathNotServed(.llamacpp, adapter.path)
        }
        add("--lora-scaled", row(adapters.map { "\($0.path):\(($0.scale ?? 1).word)" }), reserved: true)
    }

    /// One of several values that commas divide, in quotes where it has a comma of its own.
    private static func field(_ text: String) -> String {
        guard text.contains(",") || text.contains("\"") else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
            + "\""
    }
}

// MARK: Hardware

extension LaunchCommand {
    private mutating func addLlamaHardware(_ request: LaunchRequest) throws(LaunchRefusal) {
        let settings = request.settings
        add("--n-gpu-layers", settings[SettingKey.gpuLayers] ?? "auto")
        add("--split-mode", settings[SettingKey.split])
        let shares = settings[SettingKey<[Double]>.tensorSplit]
        add("--tensor-split", shares?.map(\.word).joined(separator: ","))
        add("--main-gpu", settings[SettingKey.mainGPU])
        if let layers = settings[SettingKey.expertsOnCPU] {
            // It ends with a failed assertion where there are some thousand of them.
            let isPart = Int(layers).map { $0 < request.facts?.layers ?? 1000 } ?? false
            if isPart { add("--n-cpu-moe", layers) } else { add("--cpu-moe") }
        }
        if let parallel = settings[SettingKey.parallel] {
            add("--parallel", "\(parallel)")
            // Without it each request has only its share of the context.
            add("--kv-unified")
        }
        add("--batch-size", settings[SettingKey.batch])
        // It takes no more of a prompt at once than it is told to work on at once.
        if let batch = settings[SettingKey.microBatch], let most = settings[SettingKey.batch], batch > most {
            throw .settingsConflict(.llamacpp, "batch", "micro_batch")
        }
        add("--ubatch-size", settings[SettingKey.microBatch])
        add("--threads", settings[SettingKey.threads])
        try addLlamaCache(settings)
        add("--load-mode", settings[SettingKey.loadMode])
        // It ends an address at the first colon.
        for address in request.nodes where address.contains(where: { ":,".contains($0) }) {
            throw .addressNotServed(.llamacpp, address)
        }
        let lenders = request.nodes.dropFirst().map { "\($0):\(Self.lendingPort)" }
        if !lenders.isEmpty { add("--rpc", lenders.joined(separator: ","), reserved: true) }
    }

    private mutating func addLlamaCache(_ settings: EffectiveSettings) throws(LaunchRefusal) {
        let flash = settings[SettingKey.flashAttention]
        if let type = settings[SettingKey.cacheType], type != "auto" {
            let known = EngineFlags.of(.llamacpp)["--cache-type-k"]?.choices ?? []
            guard known.contains(type) else { throw .cacheTypeNotServed(.llamacpp, type) }
            if flash == "off", !["f32", "f16", "bf16"].contains(type) {
                throw .settingsConflict(.llamacpp, "kv_type", "flash_attention")
            }
            add("--cache-type-k", type)
            add("--cache-type-v", type)
        }
        add("--flash-attn", flash)
    }
}

// MARK: Answers

extension LaunchCommand {
    private mutating func addLlamaChat(_ request: LaunchRequest) throws(LaunchRefusal) {
        let settings = request.settings
        if let template = settings[SettingKey.chatTemplate] {
            if template.contains("/") {
                add("--chat-template-file", template)
            } else {
                // It would take a name that it does not know for the text of a template.
                guard EngineFlags.of(.llamacpp).templates.contains(template) else {
                    throw .templateNotServed(.llamacpp, template)
                }
                add("--chat-template", template)
            }
        }
        add("--temp", settings[SettingKey.temperature])
        add("--top-p", settings[SettingKey.topP])
        add("--top-k", settings[SettingKey.topK])
        add("--min-p", settings[SettingKey.minP])
        add("--predict", settings[SettingKey.maxTokens])
        add("--repeat-penalty", settings[SettingKey.repeatPenalty])
        add("--seed", settings[SettingKey.seed])
        for text in settings[SettingKey<[String]>.stop] ?? [] { add("--reverse-prompt", text) }
        try addLlamaSpeculation(request)
    }

    private mutating func addLlamaSpeculation(_ request: LaunchRequest) throws(LaunchRefusal) {
        guard let speculation = request.speculation else { return }
        let tokens = request.settings[SettingKey.speculativeTokens]
        if speculation != .ngram { add("--model-draft", try request.draftPath()) }
        switch speculation {
        case .draft, .eagle3, .mtp:
            // Without it the smaller model is loaded, and asked nothing.
            add("--spec-type", speculation == .draft ? "draft-simple" : "draft-\(speculation.rawValue)")
            add("--spec-draft-n-max", tokens)
        case .ngram:
            add("--spec-type", "ngram-simple")
            add("--spec-ngram-simple-size-m", tokens)
        }
    }
}
