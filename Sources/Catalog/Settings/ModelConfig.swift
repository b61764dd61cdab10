import Platform

/// What a file in `config/models/` says of a model: which one it is, and how it is to be served.
public struct ModelConfig: Sendable {
    /// The name of the file without its ending, which is the model's name in commands.
    public let name: String
    /// What it says, with the lines.
    public let settings: EffectiveSettings
    /// Where it was declared.
    public let origin: DeclarationOrigin

    /// Everything that such a file may say, in the order in which it is shown.
    public static let table: [Setting] = source + size + hardware + generation + adapters + extra

    private static let source: [Setting] = [
        SettingKey.model.setting, SettingKey<ModelFormat>.format.setting,
        SettingKey<Quantization>.quant.setting, SettingKey.file.setting, SettingKey.revision.setting,
        SettingKey.servedName.setting,
    ]
    private static let size: [Setting] = [
        SettingKey.context.setting, SettingKey.parallel.setting, SettingKey.batch.setting,
        SettingKey.microBatch.setting, SettingKey.threads.setting, SettingKey.cacheType.setting,
        SettingKey.flashAttention.setting, SettingKey.dtype.setting, SettingKey.loadMode.setting,
    ]
    private static let hardware: [Setting] = [
        SettingKey.gpuLayers.setting, SettingKey<[Int]>.devices.setting, SettingKey.split.setting,
        SettingKey<[Double]>.tensorSplit.setting, SettingKey.mainGPU.setting,
        SettingKey.expertsOnCPU.setting, SettingKey.tensorParallel.setting,
        SettingKey.pipelineParallel.setting, SettingKey<Double>.memoryFraction.setting,
        SettingKey<[String]>.nodes.setting,
    ]
    private static let generation: [Setting] = [
        SettingKey.chatTemplate.setting, SettingKey.toolParser.setting,
        SettingKey<Double>.temperature.setting, SettingKey<Double>.topP.setting, SettingKey.topK.setting,
        SettingKey<Double>.minP.setting, SettingKey.maxTokens.setting,
        SettingKey<Double>.repeatPenalty.setting, SettingKey<[String]>.stop.setting, SettingKey.seed.setting,
        SettingKey.speculativeMethod.setting, SettingKey.speculativeModel.setting,
        SettingKey.speculativeTokens.setting, SettingKey.projector.setting,
        SettingKey<SecretReference>.apiKey.setting,
    ]
    private static let adapters: [Setting] = [
        SettingKey<[DeclaredAdapter]>.adapters.setting, SettingKey<DeclaredMixture>.mixture.setting,
        SettingKey.maxLoRARank.setting, SettingKey.maxLoRAs.setting,
    ]
    private static let extra = EngineName.allCases.map { SettingKey<[String]>.extra(of: $0).setting }
}

extension ModelConfig {
    /// Reads such a file; the first mistake in it is thrown.
    public static func read(
        _ bytes: [UInt8],
        file: String,
        name: String,
        origin: DeclarationOrigin
    ) throws(DeclarationError) -> ModelConfig {
        var reader = DeclarationReader()
        let root = try YAMLNode.parse(bytes, file: file)
        let settings = EffectiveSettings(reading: root, table: table, &reader)
        Self.check(settings, root, &reader)
        try reader.throwFirst()
        return ModelConfig(name: name, settings: settings, origin: origin)
    }

    /// Every mistake of such a file, in the order of the text.
    public static func problems(in bytes: [UInt8], file: String) -> [DeclarationError] {
        var reader = DeclarationReader()
        do throws(DeclarationError) {
            let root = try YAMLNode.parse(bytes, file: file)
            let settings = EffectiveSettings(reading: root, table: table, &reader)
            check(settings, root, &reader)
        } catch { reader.report(error) }
        return reader.sorted
    }

    /// The setting that a dotted path means; its last name is enough where no other setting has it.
    public static func setting(at path: String) -> Setting? {
        let wanted = String(path.map { $0 == "-" ? "_" : $0 })
        if let exact = table.first(where: { $0.path == wanted || $0.name == wanted }) { return exact }
        let ending = table.filter { $0.path.hasSuffix(".\(wanted)") }
        return ending.count == 1 ? ending[0] : nil
    }

    /// The model that it is about.
    public var reference: ModelReference? {
        settings[SettingKey.model].flatMap { try? ModelReference(parsing: $0) }
    }
}

// MARK: Rules across several settings

extension ModelConfig {
    private static func check(
        _ settings: EffectiveSettings,
        _ root: YAMLNode,
        _ reader: inout DeclarationReader
    ) {
        func report(_ setting: Setting, _ message: String) {
            let node = root.node(at: setting.path) ?? root
            reader.report(node.error(message))
        }
        if root[SettingKey.model.setting.path] == nil {
            reader.report(root.error("`model` is missing: say which model this is about"))
        }
        if let batch = settings[SettingKey.batch], let micro = settings[SettingKey.microBatch], micro > batch
        {
            report(SettingKey.microBatch.setting, "`micro_batch` is more than `batch`, which is \(batch)")
        }
        let quantized = settings[SettingKey.cacheType].map { ["q", "i"].contains($0.prefix(1)) } ?? false
        if quantized, settings[SettingKey.flashAttention] == "off" {
            report(
                SettingKey.flashAttention.setting,
                "a quantized cache needs flash attention: it cannot be `off`"
            )
        }
        if settings[SettingKey.split] == "none", settings[SettingKey<[Double]>.tensorSplit] != nil {
            report(
                SettingKey<[Double]>.tensorSplit.setting,
                "there is nothing to share out where `gpu.split` is `none`"
            )
        }
        if let split = settings[SettingKey<[Double]>.tensorSplit] {
            if let devices = settings[SettingKey<[Int]>.devices], devices.count != split.count {
                report(
                    SettingKey<[Double]>.tensorSplit.setting,
                    "there are \(split.count) shares for \(devices.count) devices"
                )
            }
            if !split.contains(where: { $0 > 0 }) {
                report(SettingKey<[Double]>.tensorSplit.setting, "every share is 0")
            }
        }
        if let nodes = settings[SettingKey<[String]>.nodes] {
            let setting = SettingKey<[String]>.nodes.setting
            if Set(nodes).count != nodes.count { report(setting, "a machine is named twice") }
            if nodes.count == 1 { report(setting, "one machine alone is named: name all, this one first") }
        }
        checkFile(settings, report)
        checkDevices(settings, report)
        checkSpeculation(settings, report)
        checkAdapters(settings, root, &reader)
    }

    private static func checkFile(_ settings: EffectiveSettings, _ report: (Setting, String) -> Void) {
        guard let file = settings[SettingKey.file] else { return }
        let setting = SettingKey.file.setting
        if RelativePath(file) == nil { report(setting, "`\(file)` is no path of a file in a repository") }
        guard let model = settings[SettingKey.model], let reference = try? ModelReference(parsing: model)
        else { return }
        if case .repository = reference.source { return }
        report(setting, "`file` chooses one of a repository `OWNER/NAME`, and `\(model)` is none")
    }

    private static func checkDevices(_ settings: EffectiveSettings, _ report: (Setting, String) -> Void) {
        guard let devices = settings[SettingKey<[Int]>.devices] else { return }
        if Set(devices).count != devices.count {
            report(SettingKey<[Int]>.devices.setting, "a device is named twice")
        }
        // On several machines each one has these devices.
        let nodes = max(1, settings[SettingKey<[String]>.nodes]?.count ?? 1)
        let wanted = (settings[SettingKey.tensorParallel] ?? 1) * (settings[SettingKey.pipelineParallel] ?? 1)
        if wanted > devices.count * nodes {
            report(
                SettingKey.tensorParallel.setting,
                "\(wanted) GPUs are wanted, and \(devices.count * nodes) are named in `gpu.devices`"
            )
        }
    }

    private static func checkSpeculation(_ settings: EffectiveSettings, _ report: (Setting, String) -> Void) {
        let method =
            settings[SettingKey.speculativeMethod]
            ?? (settings[SettingKey.speculativeModel] == nil ? nil : "draft")
        if method == "draft" || method == "eagle3", settings[SettingKey.speculativeModel] == nil {
            report(SettingKey.speculativeMethod.setting, "`\(method ?? "")` needs `speculative.model`")
        }
        if method == "ngram", settings[SettingKey.speculativeModel] != nil {
            report(SettingKey.speculativeModel.setting, "`ngram` guesses from the prompt and takes no model")
        }
        if method == nil, settings[SettingKey.speculativeTokens] != nil {
            report(
                SettingKey.speculativeTokens.setting,
                "nothing is guessed ahead without `speculative.method`"
            )
        }
    }

    private static func checkAdapters(
        _ settings: EffectiveSettings,
        _ root: YAMLNode,
        _ reader: inout DeclarationReader
    ) {
        guard let adapters = settings[SettingKey<[DeclaredAdapter]>.adapters] else { return }
        var names: Set<String> = []
        for (index, adapter) in adapters.enumerated() {
            let node = root.node(at: "lora.\(index).name") ?? root
            if !ModelReferenceScanner.isName(adapter.name) {
                reader.report(node.error("`\(adapter.name)` cannot be the name of an adapter"))
            }
            if !names.insert(adapter.name).inserted {
                reader.report(node.error("there is another adapter `\(adapter.name)` above"))
            }
        }
        if settings[SettingKey<DeclaredMixture>.mixture] != nil, let node = root["xlora"] {
            reader.report(node.error("`xlora` and `lora` exclude each other"))
        }
    }
}

extension YAMLNode {
    /// The value at a dotted path.
    func node(at path: String) -> YAMLNode? {
        path.split(separator: ".").reduce(Optional(self)) { node, step in
            guard let node else { return nil }
            if let index = Int(step), case .sequence(let items) = node.content {
                return items.indices.contains(index) ? items[index] : nil
            }
            return node[String(step)]
        }
    }
}

extension EffectiveSettings {
    /// Reads the settings of a file by their paths; mistakes are kept.
    init(reading root: YAMLNode, table: [Setting], _ reader: inout DeclarationReader) {
        self.init()
        let paths = table.map { $0.path.split(separator: ".").map(String.init) }
        reader.mapping(root, known: Array(Set(paths.map { $0[0] })).sorted())
        for group in Set(paths.filter { $0.count > 1 }.map { $0[0] }).sorted() {
            guard let node = root[group] else { continue }
            reader.mapping(node, known: paths.filter { $0.count > 1 && $0[0] == group }.map { $0[1] })
        }
        for setting in table {
            guard let node = root.node(at: setting.path), !node.isNull else { continue }
            let value = reader.keep { () throws(DeclarationError) in try setting.rule.read(node) }
            if let value { self[setting] = Entry(value, .file(node.file, line: node.line)) }
        }
    }
}
