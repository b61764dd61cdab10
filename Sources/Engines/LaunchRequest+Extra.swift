public import Catalog

extension LaunchRequest {
    /// The command of the engine, and its words.
    func command() throws(LaunchRefusal) -> (command: LaunchCommand, words: [String]) {
        let engine = stack.engine
        let command: LaunchCommand =
            switch engine {
            case .llamacpp: try .llamaCpp(self)
            case .vllm: try .vLLM(self)
            case .mistralrs: try .mistralRs(self)
            }
        return (
            command, try command.argv(engine, extra: settings[SettingKey<[String]>.extra(of: engine)] ?? [])
        )
    }

    /// What is set and would be told to the engine, if `extra` had not words in its place.
    ///
    /// Several settings can be one option, and several options one setting: what is taken out without a difference came to
    /// nothing.
    public var replacedByExtra: [Setting] {
        let extra = SettingKey<[String]>.extra(of: stack.engine).setting
        let plain = without(extra)
        guard settings[extra] != nil, let words = outcome, let plainWords = plain.outcome, words != plainWords
        else {
            return []
        }
        return ModelConfig.table.filter { setting in
            guard setting.path != extra.path, settings[setting] != nil, without(setting).outcome == words,
                let less = plain.without(setting).outcome
            else { return false }
            return less != plainWords
        }
    }

    /// The word of `extra` that nobody may say beside the settings from which it follows.
    public var reservedInExtra: LaunchRefusal? {
        do throws(LaunchRefusal) { _ = try command() } catch {
            if case .argumentReserved = error { return error }
        }
        return nil
    }

    /// All that an engine is told; nothing where it cannot be.
    private var outcome: [String]? {
        guard let (command, words) = try? command() else { return nil }
        return command.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } + words
    }

    private func without(_ setting: Setting) -> LaunchRequest {
        var request = self
        request.settings[setting] = nil
        return request
    }
}
