public import Catalog

extension LiveChange {
    /// The variable that has an engine load adapters while it runs.
    public static func variable(of engine: EngineName) -> String? {
        switch engine {
        case .vllm: "VLLM_ALLOW_RUNTIME_LORA_UPDATING"
        case .mistralrs: "MISTRALRS_ALLOW_RUNTIME_LORA_UPDATING"
        case .llamacpp: nil
        }
    }

    /// Whether a variable's value means yes to an engine.
    public static func isYes(_ value: String?, to engine: EngineName) -> Bool {
        let word = (value ?? "").lowercased().filter { !$0.isWhitespace }
        return word == "1" || word == "true" || (engine == .mistralrs && (word == "yes" || word == "on"))
    }

    // MARK: vLLM

    mutating func judgeVLLM(_ answer: ServerAnswer) -> Verdict {
        if step == .order { return judgeAdapterOrder(answer) }
        guard answer.status == 200 else { return unanswered(answer) }
        guard let listed = answer.document(ListedModels.self) else { return .refused(.unlike) }
        let models = listed.data.filter { $0.parent == nil }
        let adapters = listed.data.filter { $0.parent != nil }
        if let found = find(models) {
            id = found.id
            // It is there from the start to the end.
            return action == .load ? .done(changed: false) : .refused(.needsRestart)
        }
        let isLoaded = adapters.contains { $0.id == subject.name }
        if !isLoaded, subject.adapterPath == nil, !subject.modelPaths.isEmpty {
            return action == .load ? .refused(.needsRestart) : .done(changed: false)
        }
        kind = .adapter
        return decide(isLoaded: isLoaded, known: listed.data.map(\.id))
    }

    // MARK: What the engines have in common

    /// What is to be done about an adapter, by whether it is loaded.
    mutating func decide(isLoaded: Bool, known: [String]) -> Verdict {
        if isLoaded { return action == .load ? .done(changed: false) : go(.order) }
        guard subject.adapterPath != nil else { return .refused(.unknown(known)) }
        return action == .unload ? .done(changed: false) : go(.order)
    }

    /// The change of an adapter is done when it is answered.
    func judgeAdapterOrder(_ answer: ServerAnswer) -> Verdict {
        switch answer.status {
        case 200..<300: return .done(changed: true)
        // Without the variable there is nothing at that path.
        case 404, 405:
            if !allowsAdapters, let variable = Self.variable(of: engine) {
                return .refused(.notAllowed(variable: variable))
            }
            return .refused(.refuses(status: 404, answer.words))
        default: return .refused(.refuses(status: answer.status, answer.words))
        }
    }
}
