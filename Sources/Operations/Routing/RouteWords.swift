import Catalog
import Engines

extension RoutedModel {
    init(
        _ first: Profile,
        _ routing: Routing,
        _ choice: Routing.Choice,
        _ found: [RoutableModel],
        in workspace: Workspace
    ) {
        let model = found[choice.index]
        profile = first.name
        self.model = model.sent
        stack = model.stack.name
        // What may answer there now is another model.
        baseURL = model.state == .available ? nil : model.stack.baseURL
        reason = routing.words(for: choice, model)
        passedOver = routing.passedOver(found)
        path = routing.asked.map(\.name)
        (name, format, quant, state) = (model.name, model.format, model.quant, model.state)
        contextLength = model.limits.contextWindow
        capabilities = Capability.allCases.filter(model.limits.can)
        let verb = model.state == .available ? "pull" : "use"
        command = model.state == .serving ? nil : workspace.command(of: model.stack, verb, model.typed)
    }
}

extension Stack {
    /// The address that a client of OpenAI's kind is given.
    fileprivate var baseURL: String {
        let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        return "http://\(name):\(port)/v1"
    }
}

extension Routing {
    /// The models that do not answer, each with its reason.
    func passedOver(_ found: [RoutableModel]) -> [RoutedModel.PassedOver] {
        passedOver.map { index, rejection in
            let best = choice.map { found[$0.index] }
            let meant = asked.map { "`\($0.name)`" }.joined(separator: " or ")
            let profile = asked.last?.name ?? ""
            return RoutedModel.PassedOver(
                model: found[index].name,
                stack: found[index].stack.name,
                reason: rejection.words(profile: profile, meant: meant, best: best)
            )
        }
    }

    /// Why a model answers.
    fileprivate func words(for choice: Choice, _ model: RoutableModel) -> String {
        let vain = asked.dropLast().map { "`\($0.name)`" }.joined(separator: ", ")
        let fallback = vain.isEmpty ? "" : "no model is for \(vain); its fallback "
        var parts = [choice.ground.words(profile: choice.profile.name)]
        switch choice.precedence {
        case .size(.small): parts.append("the smallest of its rank")
        case .size(.large): parts.append("the largest of its rank")
        case .recommended: parts.append("recommended by the catalog or by the profile's ladder")
        case .named, .family, .ground, .serving, .stored, .order, nil: break
        }
        let state =
            switch model.state {
            case .serving: "`\(model.stack.name)` serves it at this moment"
            case .stored: "stored in `\(model.stack.name)`"
            case .available: "not stored, but in the catalog and it fits this host: `pull` it first"
            }
        return "\(fallback)\(choice.profile.name): \((parts + [state]).joined(separator: ", "))"
    }
}

extension Routing.Ground {
    fileprivate func words(profile: String) -> String {
        switch self {
        case .named: "named in the profile"
        case .family(let family): "of the preferred family `\(family)`"
        case .limits: "its limits say that it suits `\(profile)`"
        case .useCase: "it was made for what `\(profile)` is for"
        case .unknown: "nothing is known of what it is good for"
        }
    }
}

extension Routing.Rejection {
    fileprivate func words(profile: String, meant: String, best: RoutableModel?) -> String {
        switch self {
        case .notMeant: return "nothing says that it is for \(meant)"
        case .window(let window, let least):
            return "its window has \(window) tokens, and \(least) are needed"
        case .incapable(let missing):
            let names = missing.map(\.rawValue).sorted().joined(separator: ", ")
            return "it is not known to be capable of \(names)"
        case .embedding: return "it turns texts into vectors"
        case .unservable(let reason): return reason
        case .behind(let precedence):
            let winner = best?.name ?? ""
            return
                "`\(winner)` goes before it: \(precedence.words(profile: profile, stack: best?.stack.name ?? ""))"
        }
    }
}

extension Routing.Precedence {
    fileprivate func words(profile: String, stack: String) -> String {
        switch self {
        case .named: "`\(profile)` names it first"
        case .family(let family): "`\(profile)` prefers the family `\(family)`"
        case .ground: "it is known to suit `\(profile)`"
        case .serving: "`\(stack)` serves it at this moment"
        case .recommended: "the catalog or the ladder of `\(profile)` recommends that one"
        case .size(.small): "it is smaller"
        case .size(.large): "it is larger"
        case .stored: "it is stored"
        case .order: "it is the first of several as good"
        }
    }
}
