public import Catalog
import Docker
public import Platform
import Store
import SystemPackage

/// What a removal will take away.
public struct RemovalPlan: Sendable {
    /// One stored model or stopped download.
    public struct Item: Sendable, Encodable {
        /// The stack.
        public let stack: String
        /// The model's name.
        public let model: String
        /// `gguf` or `safetensors`.
        public let format: String?
        /// The quantization.
        public let quant: String?
        /// The length of its files.
        public let sizeBytes: ByteCount
        /// `ready` or `partial`.
        public let state: ListedModel.State
    }

    /// What goes.
    public let items: [Item]
    fileprivate let models: [StoredModel]
    fileprivate let partials: [(store: ModelStore, directory: FilePath)]
    fileprivate let damaged: [(store: ModelStore, directory: FilePath)]
}

/// Removes models from a stack's volume.
public struct Remove: Sendable {
    private let lookups: [StoredLookup]
    private let isForced: Bool

    /// Describes a removal; without a format or quantization all of a model goes.
    public init(
        _ references: [ModelReference],
        format: ModelFormat? = nil,
        quant: Quantization? = nil,
        isForced: Bool = false
    ) {
        lookups = references.map { StoredLookup(reference: $0, quant: quant, format: format) }
        self.isForced = isForced
    }

    /// Finds what would go, and refuses what is in use.
    public func plan(in workspace: Workspace, report: Reporter) async throws(Failure) -> RemovalPlan {
        var items: [RemovalPlan.Item] = []
        var models: [StoredModel] = []
        var partials: [(store: ModelStore, directory: FilePath)] = []
        var damaged: [(store: ModelStore, directory: FilePath)] = []
        for lookup in lookups {
            let (stack, store, all) = try await lookup.all(in: workspace)
            let allStopped = try stoppedDownloads(of: lookup, in: store, workspace)
            // Beside a model that is meant, those of its own folder: names may differ in the case of letters only.
            let own = Set(all.map(\.key.directoryName))
            let broken = try damagedFolders(of: lookup, in: store, workspace).filter { folder in
                own.isEmpty || folder.components.suffix(3).first.map { own.contains($0.string) } == true
            }
            if all.isEmpty, allStopped.isEmpty, broken.isEmpty {
                try refuseBusy(lookup, in: store, workspace)
                throw await lookup.missing(stack, in: workspace)
            }
            damaged += broken.map { (store, $0) }
            items += broken.map { RemovalPlan.Item(damaged: $0, stack) }
            // A model that was named twice goes once.
            let found = all.filter { !models.contains($0) }
            let stopped = allStopped.filter { one in !partials.contains { $0.directory == one.directory } }
            if !isForced { try await checkUse(of: found, by: stack, in: workspace, report) }
            var adapters: [ModelKey: StoredModel] = [:]
            for model in found { adapters[model.key] = try stack.adapters(of: model) }
            // After their model, which may be in another process's hands.
            models += found + adapters.values
            partials += stopped.map { (store, $0.directory) }
            items +=
                found.map { RemovalPlan.Item($0, adapters[$0.key], stack) }
                + stopped.map { RemovalPlan.Item($0, stack) }
        }
        return RemovalPlan(items: items, models: models, partials: partials, damaged: damaged)
    }

    /// Removes what was planned.
    public func run(_ plan: RemovalPlan) throws(Failure) {
        do throws(StoreError) {
            for model in plan.models {
                let store = ModelStore(volume: model.layout.volume)
                try store.remove(model)
                // Whoever fetches it the next time may want it for its own sake.
                if model.key.format == ModelFormat.safetensors.rawValue {
                    try store.forgetLoan(of: model.key.model)
                }
            }
            for (store, directory) in plan.partials { try store.removePartial(directory) }
            for (store, directory) in plan.damaged { try store.removeDamaged(directory) }
        } catch { throw Failure(store: error) }
    }

    private func damagedFolders(
        of lookup: StoredLookup,
        in store: ModelStore,
        _ workspace: Workspace
    ) throws(Failure) -> [FilePath] {
        do throws(StoreError) {
            var found: [FilePath] = []
            for (name, quant) in lookup.names(workspace) where found.isEmpty {
                found = try store.damagedFolders(ofModelNamed: name).filter { folder in
                    let parts = folder.components.suffix(2).map(\.string)
                    return (quant == nil || parts.last == quant?.name)
                        && (lookup.format == nil || parts.first == lookup.format?.rawValue)
                }
            }
            return found
        } catch { throw Failure(store: error) }
    }

    private func refuseBusy(
        _ lookup: StoredLookup,
        in store: ModelStore,
        _ workspace: Workspace
    ) throws(Failure) {
        do throws(StoreError) {
            let names = lookup.names(workspace).map { $0.name.lowercased() }
            for partial in try store.partials() where partial.isBusy {
                guard let model = partial.purpose?.model, names.contains(model.lowercased()) else { continue }
                throw StoreError.busy(model)
            }
        } catch { throw Failure(store: error) }
    }

    private func stoppedDownloads(
        of lookup: StoredLookup,
        in store: ModelStore,
        _ workspace: Workspace
    ) throws(Failure) -> [Partial] {
        do throws(StoreError) {
            let names = lookup.names(workspace).map { $0.name.lowercased() }
            return try store.partials().filter { partial in
                guard let purpose = partial.purpose, !partial.isBusy,
                    names.contains(purpose.model.lowercased())
                else { return false }
                let quant = lookup.quant ?? lookup.reference.quantization
                return (quant == nil || purpose.quant == quant?.name)
                    && (lookup.format == nil || purpose.format == lookup.format?.rawValue)
            }
        } catch { throw Failure(store: error) }
    }

    private func checkUse(
        of models: [StoredModel],
        by stack: Stack,
        in workspace: Workspace,
        _ report: Reporter
    ) async throws(Failure) {
        let containers: [Docker.Container]
        do throws(DockerError) { containers = try await runningContainers(of: stack, workspace) } catch {
            switch error {
            // No engine, or none that has this container: then none serves the model.
            case .noEngine, .notFound: return
            default:
                report(.warning("cannot tell whether a container serves it: \(error)"))
                return
            }
        }
        for model in models {
            let path = model.key.path(below: stack.mount)
            guard containers.contains(where: { $0.mentions(path, stack) }) else { continue }
            throw Failure(
                .conflict,
                "`\(model.key.model)` is in use by the running container of `\(stack.name)`",
                hint: "stop the container first, or add `--force`"
            )
        }
    }

    private func runningContainers(of stack: Stack, _ workspace: Workspace) async throws(DockerError)
        -> [Docker.Container]
    {
        let docker = try workspace.docker()
        let names =
            switch stack.container {
            case .named(let name): [name]
            case .service(let project, let service):
                try await docker.containers(
                    labels: [ComposeLabel.project: project, ComposeLabel.service: service]
                ).map(\.id)
            }
        var running: [Docker.Container] = []
        for name in names {
            let container = try await docker.container(name)
            if container.state.running { running.append(container) }
        }
        return running
    }
}

extension RemovalPlan.Item {
    fileprivate init(_ model: StoredModel, _ adapters: StoredModel?, _ stack: Stack) {
        self.init(
            stack: stack.name,
            model: model.key.model,
            format: model.key.format,
            quant: model.key.quant,
            sizeBytes: model.manifest.size + (adapters?.manifest.size ?? 0),
            state: .ready
        )
    }

    fileprivate init(_ partial: Partial, _ stack: Stack) {
        self.init(
            stack: stack.name,
            model: partial.purpose?.model ?? "",
            format: partial.purpose?.format,
            quant: partial.purpose?.quant,
            sizeBytes: partial.occupied,
            state: .partial
        )
    }

    fileprivate init(damaged folder: FilePath, _ stack: Stack) {
        let parts = folder.components.suffix(3).map(\.string)
        self.init(
            stack: stack.name,
            model: parts.first ?? "",
            format: parts.dropFirst().first,
            quant: parts.last,
            sizeBytes: ((try? FileSystem.walk(folder)) ?? []).map(\.status.size).total(),
            state: .damaged
        )
    }
}
