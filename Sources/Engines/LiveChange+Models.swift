import Catalog

extension LiveChange {
    // MARK: llama.cpp's router

    mutating func judgeRouter(_ answer: ServerAnswer) -> Verdict {
        switch step {
        case .role:
            struct Properties: Decodable { let role: String? }
            // Without the words, or while it loads what it was started with, it is a server of one model.
            guard answer.status == 200, answer.document(Properties.self)?.role == "router" else {
                return .refused(.needsRestart)
            }
            return go(.list(fresh: false))
        case .order: return judgeRouterOrder(answer)
        default: break
        }
        guard answer.status == 200, let listed = answer.document(ListedModels.self) else {
            return answer.status == 200 ? .refused(.unlike) : unanswered(answer)
        }
        if step == .watch {
            return watchRouter(listed.data.first { $0.id == id }, listed)
        }
        guard let found = find(listed.data) else {
            // What came to the disk after its start is not listed before it looks there.
            return step == .list(fresh: true)
                ? .refused(.unknown(listed.data.map(\.id))) : go(.list(fresh: true))
        }
        id = found.id
        switch found.status?.value {
        case "unloaded": return action == .unload ? .done(changed: false) : go(.order)
        case nil, "loaded", "sleeping": return action == .load ? .done(changed: false) : go(.order)
        default: return go(action == .load ? .watch : .order)
        }
    }

    private mutating func judgeRouterOrder(_ answer: ServerAnswer) -> Verdict {
        switch answer.status {
        case 200: return go(.watch)
        case 400, 404:
            // Somebody else was faster, or has removed it.
            orders += 1
            guard orders < Self.mostOrders else {
                return .refused(.refuses(status: answer.status, answer.words))
            }
            return go(.list(fresh: false))
        default: return .refused(.refuses(status: answer.status, answer.words))
        }
    }

    private mutating func watchRouter(_ entry: ListedModels.Entry?, _ listed: ListedModels) -> Verdict {
        guard let entry else { return .refused(.unknown(listed.data.map(\.id))) }
        let status = entry.status
        let words = "it is \(ServerAnswer.line(status?.value ?? "loaded"))"
        switch (action, status?.value) {
        case (.load, nil), (.load, "loaded"), (.load, "sleeping"), (.unload, "unloaded"):
            return .done(changed: true)
        case (.load, "unloaded"):
            guard status?.hasFailed == true else { return look(words) }
            let ending = status?.exitCode.map { " with status \($0)" } ?? ""
            return .refused(.failed("its process ended\(ending)"))
        default: return .notYet(words)
        }
    }

    // MARK: mistral.rs

    mutating func judgeMistralRs(_ answer: ServerAnswer) -> Verdict {
        switch step {
        case .adapters: return judgeAdapters(answer)
        case .order, .watch: return kind == .model ? judgeStatus(answer) : judgeAdapterOrder(answer)
        default: break
        }
        guard answer.status == 200 else { return unanswered(answer) }
        guard let listed = answer.document(ListedModels.self) else { return .refused(.unlike) }
        // Adapters are listed without a status.
        let models = listed.proper.filter { $0.status != nil }
        guard let found = find(models) else {
            guard subject.adapterPath != nil || action == .unload else {
                return .refused(.unknown(models.map(\.id)))
            }
            return go(.adapters)
        }
        id = found.id
        switch found.status?.value {
        case "loaded": return action == .load ? .done(changed: false) : go(.order)
        case "unloaded": return action == .unload ? .done(changed: false) : go(.order)
        default: return action == .load ? go(.watch) : .notYet("it is loading")
        }
    }

    /// Its status is always 200: what counts is the word in the document.
    private mutating func judgeStatus(_ answer: ServerAnswer) -> Verdict {
        struct Answer: Decodable {
            let status: String
            let error: String?
        }
        guard answer.status == 200 else {
            return .refused(.refuses(status: answer.status, answer.words))
        }
        guard let told = answer.document(Answer.self) else { return .refused(.unlike) }
        step = .watch
        let words = "it is \(ServerAnswer.line(told.status))"
        switch (action, told.status) {
        case (.load, "loaded"), (.unload, "unloaded"): return .done(changed: true)
        case (_, "not_found"): return .refused(.unknown([]))
        case (_, "no_loader_config"):
            return .refused(.failed("it was started without what it would load it again by"))
        case (_, "internal_error"):
            return .refused(.failed(told.error.map { ServerAnswer.line($0) } ?? "it says no more than that"))
        case (.load, "unloaded"), (.unload, "loaded"): return look(words)
        default: return .notYet(words)
        }
    }

    private mutating func judgeAdapters(_ answer: ServerAnswer) -> Verdict {
        struct Listed: Decodable {
            struct Adapter: Decodable { let id: String }
            let data: [Adapter]
        }
        kind = .adapter
        let loaded: [String]
        switch answer.status {
        case 200:
            guard let listed = answer.document(Listed.self) else { return .refused(.unlike) }
            loaded = listed.data.map(\.id)
        // It says so of a model that takes no adapters.
        case 409: return .refused(.refuses(status: 409, answer.words))
        // Older ones do not list them.
        case 404, 405: return go(.order)
        default: return unanswered(answer)
        }
        return decide(isLoaded: loaded.contains(subject.name), known: loaded)
    }
}
