public import Catalog
import Engines
import Platform

/// Finds the model that answers for a profile.
public struct Route: Sendable {
    private let profile: String
    private let needs: Set<Capability>
    private let leastContext: Int?
    private let all: Bool

    /// Describes a question: for a profile, with what the model must be capable of and the least window; with `all` also
    /// models of the catalog that fit this host may answer.
    public init(_ profile: String, needs: Set<Capability> = [], leastContext: Int? = nil, all: Bool = false) {
        self.profile = profile
        self.needs = needs
        self.leastContext = leastContext
        self.all = all
    }

    /// Answers by what is stored, by what runs, and by the tables; nothing is started, and the hub is not asked.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> RoutedModel
    {
        let table = try workspace.profiles()
        let first = try table.found(profile, among: table.profiles)
        let models = try RoutableModels(workspace, report)
        for problem in table.warnings(knowing: models.families) { report(.warning("\(problem)")) }
        var found = try await models.stored()
        if all {
            found += try await models.available(for: first, besides: found)
        } else {
            // What the catalog recommends to pull is no better than the rest once it is there.
            for index in found.indices { found[index].candidate.isRecommended = false }
        }
        let chain = table.chain(from: first)
        let wish = Routing.Wish(needs: needs, leastContext: leastContext)
        let routing = Routing(chain, wish, among: found.map(\.candidate))
        guard let choice = routing.choice else {
            for line in routing.passedOver(found).prefix(Self.mostNotes) {
                report(.note("`\(line.model)` in `\(line.stack)`: \(line.reason)"))
            }
            throw try await nothing(routing, chain, wish, found, models, workspace)
        }
        let model = found[choice.index]
        let least = [leastContext, choice.profile.route.leastContext].compactMap(\.self).max()
        if let least { adviseContext(of: model, least: least, report) }
        return RoutedModel(first, routing, choice, found, in: workspace)
    }

    /// How many reasons are told of a question that has no answer.
    private static let mostNotes = 20

    // MARK: A context that is kept too small

    /// The model could take as many tokens, and its stack keeps fewer: that is in the user's hands.
    private func adviseContext(of model: RoutableModel, least: Int, _ report: Reporter) {
        let kept = MemorySettings(
            of: model.stack,
            settings: model.settings,
            contextLength: model.limits.contextWindow
        ).context
        guard kept < least else { return }
        report(
            .warning(
                "`\(model.stack.name)` keeps a context of \(kept) tokens for `\(model.name)`, which could take "
                    + "\(model.limits.contextWindow): set `context` to \(least) or more"
            )
        )
    }

    // MARK: Nothing

    private func nothing(
        _ routing: Routing,
        _ chain: [Profile],
        _ wish: Routing.Wish,
        _ found: [RoutableModel],
        _ models: RoutableModels,
        _ workspace: Workspace
    ) async throws(Failure) -> Failure {
        let asked = routing.asked.map { "`\($0.name)`" }
        let fallbacks = asked.dropFirst().joined(separator: ", ")
        let who = fallbacks.isEmpty ? "" : " or for its fallback \(fallbacks)"
        let whose = all ? "stored or in the catalog and fits this host" : "stored"
        let what = "no model that is \(whose) answers for \(asked[0])\(who)\(demand)"
        // What is not there for want of memory or for what it cannot do is no help.
        let others = all ? [] : try await models.available(for: chain[0], besides: found)
        let pulled = Routing(chain, wish, among: others.map(\.candidate)).choice.map { others[$0.index] }
        let file = ProfileTable.file(in: workspace.home.path)
        return Failure(
            .notFound,
            what,
            hint: pulled.map { "pull one with `\(workspace.command(of: $0.stack, "pull", $0.typed))`" }
                ?? "name a model below `models` in the `route` of `\(chain[0].name)` in \(file), or ask for less"
        )
    }

    private var demand: String {
        var parts = needs.map(\.rawValue).sorted()
        if let leastContext { parts.append("a window of \(leastContext) tokens") }
        return parts.isEmpty ? "" : " with \(parts.joined(separator: ", "))"
    }
}
