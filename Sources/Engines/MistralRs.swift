import Catalog
import Formats

extension LaunchCommand {
    /// The command of mistral.rs.
    static func mistralRs(_ request: LaunchRequest) throws(LaunchRefusal) -> LaunchCommand {
        // It would answer everybody.
        if request.settings[SettingKey<SecretReference>.apiKey] != nil { throw .keyNotServed(.mistralrs) }
        if !request.nodes.isEmpty { throw .nodesNotServed(.mistralrs) }
        var command = try mistralModel(request)
        command.environment["HF_HUB_OFFLINE"] = "1"
        try command.addMistralAdapters(request)
        command.add("--host", request.stack.defaults.host, reserved: true)
        command.add("-p", "\(request.stack.port)", reserved: true)
        try command.addMistralHardware(request)
        try command.addMistralChat(request)
        command.add("--no-ui")
        return command
    }

    private static func mistralModel(_ request: LaunchRequest) throws(LaunchRefusal) -> LaunchCommand {
        let projector = request.settings[SettingKey.projector]
        let program = ["mistralrs", "serve"]
        switch request.format {
        case .gguf:
            try refuseUnread(request)
            let files = try ModelFiles(gguf: request.files)
            var own = files.projector
            if let projector, projector != "auto", projector != "none" { own = projector }
            for path in files.weights + [own].compactMap({ $0 }) where path.contains(";") {
                throw .pathNotServed(.mistralrs, path)
            }
            var command = LaunchCommand(program, model: ModelFiles.parent(of: files.weights[0]))
            command.add("-f", files.weights.joined(separator: ";"), reserved: true)
            if projector == "none" {
                // It takes a projector that lies beside the model anyway.
                command.leave(SettingKey.projector, of: request)
            } else {
                command.add("--mmproj", own)
            }
            return command
        case .safetensors:
            let folder = try ModelFiles.folder(safetensors: request.files)
            var command = LaunchCommand(program, model: folder)
            command.add("-m", folder, reserved: true)
            if projector != "auto" { command.leave(SettingKey.projector, of: request) }
            return command
        case .uqff:
            let (folder, first) = try ModelFiles.first(uqff: request.files)
            var command = LaunchCommand(program, model: folder)
            command.add("-m", folder, reserved: true)
            // It finds the other shards, and what is not quantized, beside the first.
            command.add("--from-uqff", first, reserved: true)
            if projector != "auto" { command.leave(SettingKey.projector, of: request) }
            return command
        }
    }

    // MARK: What it does not read

    /// The types of a GGUF that it does not read; it reads the floats, Q4_0 to Q8_1, Q2_K to Q8_K and MXFP4.
    private static let unread: Set<TensorType> = [
        .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s, .iq4_nl, .iq4_xs, .tq1_0, .tq2_0, .nvfp4,
        .q1_0, .q2_0,
    ]

    private static func refuseUnread(_ request: LaunchRequest) throws(LaunchRefusal) {
        if let quantization = request.quantization {
            let plain = quantization.name.split(separator: "_").first { $0 != "ud" && $0 != "i1" } ?? ""
            if plain.hasPrefix("iq") || plain.hasPrefix("tq") || plain.hasPrefix("nvfp4") {
                throw .quantizationNotServed(.mistralrs, quantization)
            }
        }
        // A mixture may have such tensors under an innocent name.
        let found = request.facts?.tensorTypes.intersection(unread) ?? []
        if let type = found.min(by: { $0.rawValue < $1.rawValue }) {
            throw .tensorTypeNotServed(.mistralrs, type)
        }
    }

    // MARK: Adapters

    private mutating func addMistralAdapters(_ request: LaunchRequest) throws(LaunchRefusal) {
        let settings = request.settings
        if let mixture = settings[SettingKey<DeclaredMixture>.mixture] {
            guard request.adapters.isEmpty else { throw .settingsConflict(.mistralrs, "lora", "xlora") }
            add("--xlora", mixture.source, reserved: true)
            add("--xlora-order", mixture.order, reserved: true)
            if !mixture.source.hasPrefix("/") { environment["HF_HUB_OFFLINE"] = nil }
        }
        guard !request.adapters.isEmpty else {
            leave(SettingKey.maxLoRAs, of: request)
            leave(SettingKey.maxLoRARank, of: request)
            return
        }
        if request.format == .gguf, let architecture = request.facts?.architecture,
            AdapterFit.permuted.contains(architecture)
        {
            throw .adaptersNotServed(.mistralrs, architecture: architecture)
        }
        for adapter in request.adapters {
            if adapter.isGGUF { throw .adapterFormNotServed(.mistralrs, path: adapter.path) }
            let isMisread = adapter.name.contains("=") || adapter.name.hasPrefix("{")
            guard !isMisread, !adapter.name.isEmpty else { throw .nameNotServed(.mistralrs, adapter.name) }
            add("--lora", "\(adapter.name)=\(adapter.path)", reserved: true)
        }
        // It has all of them loaded, 16 unless it is told, and stops at one more.
        let count = max(settings[SettingKey.maxLoRAs] ?? 16, request.adapters.count)
        if count != 16 { add("--lora-max-adapters", "\(count)") }
        let rank = request.adapters.compactMap(\.rank).max()
        if let rank, let most = settings[SettingKey.maxLoRARank], rank > most {
            throw .rankNotServed(.mistralrs, rank: rank, most: most)
        }
        add("--lora-max-rank", settings[SettingKey.maxLoRARank] ?? rank)
        if request.adapters.contains(where: { $0.scale != nil && $0.scale != 1 }) { leaveScales() }
    }

    // MARK: Hardware

    private mutating func addMistralHardware(_ request: LaunchRequest) throws(LaunchRefusal) {
        let settings = request.settings
        // The size of the cache is said in one way only.
        let sizes = ["--pa-context-len", "--pa-memory-fraction", "--pa-memory-mb"]
        if settings[SettingKey.context] == nil, let fraction = settings[SettingKey.memoryFraction] {
            add("--pa-memory-fraction", fraction.word, rivals: sizes)
        } else {
            add("--pa-context-len", "\(request.pooledContext)", rivals: sizes)
            leave(SettingKey.memoryFraction, of: request)
        }
        add("--max-seqs", settings[SettingKey.parallel])
        switch settings[SettingKey.cacheType] {
        case nil, "auto": break
        case "fp8", "fp8_e4m3": add("--pa-cache-type", "f8e4m3")
        case let type?:
            // What it stores otherwise is of the type that it computes in.
            let own = settings[SettingKey.dtype] ?? "auto"
            guard type == own || (own == "auto" && ["f16", "bf16"].contains(type)) else {
                throw .cacheTypeNotServed(.mistralrs, type)
            }
            add("--pa-cache-type", "auto")
        }
        add("--dtype", settings[SettingKey.dtype])
        if let threads = settings[SettingKey.threads] { environment["RAYON_NUM_THREADS"] = "\(threads)" }
        switch settings[SettingKey.loadMode] {
        case nil, "auto", "mmap": break
        case "none": environment["MISTRALRS_NO_MMAP"] = "1"
        default: leave(SettingKey.loadMode, of: request)
        }
        if let wanted = settings[SettingKey.tensorParallel],
            let devices = settings[SettingKey<[Int]>.devices], wanted > devices.count
        {
            throw .settingsConflict(.mistralrs, "gpu.devices", "gpu.tensor_parallel")
        }
    }

    // MARK: Answers

    private mutating func addMistralChat(_ request: LaunchRequest) throws(LaunchRefusal) {
        let settings = request.settings
        if let template = settings[SettingKey.chatTemplate] {
            guard template.contains("/") else { throw .templateNotServed(.mistralrs, template) }
            // What ends otherwise is taken for a template by the second name alone.
            let isKnown = template.hasSuffix(".json") || template.hasSuffix(".jinja")
            add(isKnown ? "-c" : "-j", template)
        }
        add("--seed", settings[SettingKey.seed])
        guard let speculation = request.speculation else { return }
        guard speculation == .mtp else {
            for key in [SettingKey.speculativeMethod, SettingKey.speculativeModel] { leave(key, of: request) }
            leave(SettingKey.speculativeTokens, of: request)
            return
        }
        guard request.adapters.isEmpty else {
            throw .settingsConflict(.mistralrs, "lora", "speculative.method")
        }
        if let path = try request.draftPath() { add("--mtp-model", path) } else { add("--mtp") }
        add("--mtp-n-predict", settings[SettingKey.speculativeTokens])
    }
}
