import Catalog
import Engines
import TestSupport

/// Settings by chance, each within its rule; what an engine is known to refuse is seldom among them, so that most of them
/// launch.
struct GeneratedSettings {
    var numbers: SeededNumbers
    let engine: EngineName

    init(seed: Int, engine: EngineName) {
        numbers = SeededNumbers(seed: seed)
        self.engine = engine
    }

    /// Some of the settings of a model's file.
    mutating func some(percent: Int = 35) -> EffectiveSettings {
        var settings = EffectiveSettings()
        for setting in ModelConfig.table where isWanted(setting) && numbers.isLucky(percent: percent) {
            settings[setting] = EffectiveSettings.Entry(value(of: setting), .file("m.yaml", line: 1))
        }
        // A way of guessing ahead that needs a model has none where the model is not there.
        let needsModel = ["draft", "eagle3"].contains(settings[SettingKey.speculativeMethod] ?? "")
        if needsModel, settings[SettingKey.speculativeModel] == nil {
            settings[SettingKey.speculativeMethod.setting] = nil
        }
        return settings
    }

    private mutating func isWanted(_ setting: Setting) -> Bool {
        // Which model it is, and what is not a word of the command itself.
        if ["model", "file", "revision", "format", "quant", "lora"].contains(setting.name) { return false }
        if setting.path.hasPrefix("extra.") { return false }
        return setting.engines.contains(engine) || numbers.isLucky(percent: 5)
    }

    /// A value that the setting may have.
    mutating func value(of setting: Setting) -> SettingValue {
        switch setting.name {
        case "chat_template":
            return .text(
                numbers.pick("/models/t.jinja", "/models/t.json", "/models/t", "/m/a b.jinja", "chatml")
            )
        case "speculative_model": return .text("/models/small.gguf")
        case "projector": return .text(numbers.pick("auto", "none", "/models/mmproj.gguf"))
        case "nodes": return .list(["10.0.0.1", "10.0.0.2"].map { .text($0) })
        case "gpu_devices": return .list((0..<numbers.pick(4, 8)).map { .integer($0) })
        case "tensor_parallel": return .integer(numbers.pick(1, 2, 4))
        case "pipeline_parallel": return .integer(numbers.pick(1, 2))
        case "micro_batch": return .integer(numbers.pick(1, 256, 512))
        case "batch": return .integer(numbers.pick(512, 2048, 8192))
        case "api_key": return .text(numbers.pick("env:MY_KEY", "file:/run/key"))
        case "stop": return .list([.text("</s>"), .text("it's \"$(over)\"")])
        default: return value(of: setting.rule)
        }
    }

    private mutating func value(of rule: SettingRule) -> SettingValue {
        switch rule {
        case .choice(let words): return .text(words[Int.random(in: words.indices, using: &numbers)])
        case .integer(let range, let words):
            if let word = words.first, numbers.isLucky(percent: 30) { return .text(word) }
            let bound = min(range.upperBound, range.lowerBound + numbers.pick(1, 100, 100_000))
            return .integer(Int.random(in: range.lowerBound...bound, using: &numbers))
        case .number(let range, _):
            return .number(Double.random(in: range, using: &numbers))
        case .boolean: return .boolean(numbers.isLucky(percent: 50))
        case .list(let rule): return .list([value(of: rule), value(of: rule)])
        case .fields(let settings):
            return .fields(settings.reduce(into: [:]) { $0[$1.name] = .text("/adapters/\($1.name)") })
        case .quantization: return .text("q4_k_m")
        case .secret: return .text("env:KEY")
        default: return .text(numbers.pick("word", "with space", "it's", "a$b"))
        }
    }

    /// Adapters by chance.
    mutating func adapters() -> [LaunchAdapter] {
        guard numbers.isLucky(percent: 40) else { return [] }
        let ending = engine == .llamacpp ? ".gguf" : ""
        return (0...Int.random(in: 0...2, using: &numbers)).map { number in
            LaunchAdapter(
                name: "adapter-\(number)",
                path: "/adapters/\(numbers.pick("a", "b c", "d,e", "f'g"))-\(number)\(ending)",
                scale: numbers.isLucky(percent: 30) ? Double.random(in: 0...2, using: &numbers) : nil,
                rank: numbers.isLucky(percent: 70) ? Int.random(in: 1...128, using: &numbers) : nil
            )
        }
    }
}
