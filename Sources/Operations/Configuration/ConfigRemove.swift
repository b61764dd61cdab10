import Catalog
import Platform
import Store
import SystemPackage

/// Removes the home's own file of a model.
public struct ConfigRemove: Sendable {
    /// What goes, or went.
    public struct Outcome: Sendable, Encodable {
        /// The name of the file.
        public let name: String
        /// The file.
        public let path: String
        /// Whether a shipped configuration of this name holds then.
        public let hasShipped: Bool
    }

    private let lookup: ConfigLookup
    private let isForced: Bool

    /// Describes a removal; that of the served model's configuration is refused, unless it is forced.
    public init(_ text: String, isForced: Bool = false) {
        lookup = ConfigLookup(text)
        self.isForced = isForced
    }

    /// Finds what would go.
    public func plan(in workspace: Workspace) async throws(Failure) -> Outcome {
        // One that cannot be read has its name all the same.
        let isName = Home.isConfigName(lookup.text) && isOwn(lookup.text, workspace)
        let name = isName ? lookup.text : try await lookup.one(in: workspace).name
        guard isOwn(name, workspace) else {
            throw Failure(
                .notFound,
                "the home has no configuration `\(name)` of its own: it is a shipped one",
                hint: "`stackctl config set \(name) KEY VALUE` makes one that goes before it"
            )
        }
        if !isForced { try await checkUse(of: name, in: workspace) }
        return Outcome(
            name: name,
            path: workspace.home.configFile(of: name).string,
            hasShipped: Home.shippedConfigNames.contains(name)
        )
    }

    /// Removes what was planned.
    public func run(_ plan: Outcome, in workspace: Workspace) throws(Failure) {
        do throws(DeclarationError) { try workspace.home.removeConfig(named: plan.name) } catch {
            throw Failure(declaration: error)
        }
    }

    private func isOwn(_ name: String, _ workspace: Workspace) -> Bool {
        FileSystem.exists(workspace.home.configFile(of: name))
    }

    private func checkUse(of name: String, in workspace: Workspace) async throws(Failure) {
        guard let model = try? workspace.home.configModel(named: name) else { return }
        let catalog = try workspace.catalog()
        for stack in try workspace.stacks() {
            guard let store = try? await workspace.store(of: stack),
                let served = try? store.launchState(of: stack.name).active,
                let reference = try? ModelReference(parsing: served.model),
                reference.canonical(in: catalog) == model.canonical(in: catalog)
            else { continue }
            throw Failure(
                .conflict,
                "`\(name)` is the configuration of `\(served.model)`, which `\(stack.name)` serves",
                hint: "choose another model with `stackctl \(stack.name) use MODEL`, or add `--force`"
            )
        }
    }
}
