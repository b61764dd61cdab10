public import Catalog
import Docker
import Engines
import FoundationEssentials
import Platform
import Store

/// What a stack serves after a change, or would.
public struct UsedModel: Sendable, Encodable {
    /// The stack.
    public let stack: String
    /// The model's name.
    public let model: String
    /// `gguf` or `safetensors`.
    public let format: String
    /// The quantization.
    public let quant: String
    /// What clients call it.
    public let name: String
    /// The container.
    public let container: String?
    /// The model that was served before.
    public let previous: String?
    /// Its quantization.
    public let previousQuant: String?
    /// Whether anything was to be done.
    public let changed: Bool
    /// How long it took until it answered, from the restart on.
    public let readyAfterMilliseconds: Int?
    /// The command in the container.
    public let argv: [String]
}

/// Makes a stack serve a model: pulled if it is not there, rendered, swapped in, and waited for.
public struct Use: Sendable {
    /// How long a model is waited for until it answers, unless another time is named.
    public static let patience = Duration.seconds(600)

    private let reference: ModelReference
    private let quant: Quantization?
    private let timeout: Duration
    private let rollsBack: Bool
    private let flags: EffectiveSettings

    /// Describes a change; the flags of the command go before all that is declared.
    public init(
        _ reference: ModelReference,
        quant: Quantization? = nil,
        timeout: Duration = Self.patience,
        rollsBack: Bool = true,
        flags: EffectiveSettings = EffectiveSettings()
    ) {
        self.reference = reference
        self.quant = quant
        self.timeout = timeout
        self.rollsBack = rollsBack
        self.flags = flags
    }

    /// What would be done.
    public enum Plan: Sendable {
        /// The model is stored, and would be served by a command.
        case serve(UsedModel)
        /// The model would be pulled first.
        case pull(PullPlan)
    }

    /// What would be done.
    public func plan(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> Plan {
        await advise(in: workspace, report)
        do throws(Failure) { return .serve(try await served(in: workspace, report)) } catch {
            guard error.kind == .notFound else { throw error }
            do throws(Failure) {
                return .pull(
                    try await Pull(reference, pullOptions(in: workspace)).plan(in: workspace, report: report)
                )
            } catch let failure { throw isKnown(in: workspace) ? failure : error }
        }
    }

    private func served(in workspace: Workspace, _ report: Reporter) async throws(Failure) -> UsedModel {
        let launch = try await Launch(reference, quant: quant, flags: flags).plan(in: workspace)
        let stage = try await ServingStage(workspace)
        let container = try await stage.container()
        let next = try await stage.launch(launch, container, report)
        let state = try stage.state()
        let isServed = state.active.map { $0.isSameCommand(as: next) } == true && state.attempt == nil
        return stage.outcome(next, state, container?.shownName, changed: !isServed)
    }

    /// Does it.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> UsedModel {
        let stage = try await ServingStage(workspace)
        // Before a pull of hours: whether the stack can be told what to serve, by whatever way.
        try await stage.checkCanServe()
        let (launch, wasPulled) = try await stored(in: workspace, report)
        let lock = try await stage.lock()
        defer { withExtendedLifetime(lock) {} }
        if let name = try await workspace.loadWithoutRestart(
            launch.launch.model,
            at: launch.key.path(below: stage.stack.mount),
            timeout: timeout,
            report: report
        ) {
            return try await stage.loaded(launch, as: name)
        }
        launch.reportUnused(to: report)
        let container = try await stage.container()
        let next = try await stage.launch(launch, container, report)
        let state = try stage.state()
        if let container, try await stage.serves(next, state, container, timeout, report) {
            return stage.outcome(next, state, container.shownName, changed: false)
        }
        if !wasPulled { await advise(in: workspace, report) }
        return try await stage.swap(to: next, container, timeout, rollsBack: rollsBack, report)
    }

    /// The launch of the model, which is pulled if it is not stored.
    private func stored(in workspace: Workspace, _ report: @escaping Reporter) async throws(Failure)
        -> (launch: Launch.Plan, wasPulled: Bool)
    {
        do throws(Failure) {
            return (try await Launch(reference, quant: quant, flags: flags).plan(in: workspace), false)
        } catch {
            guard error.kind == .notFound else { throw error }
            await advise(in: workspace, report)
            let pulled: Pull.Outcome
            do throws(Failure) {
                pulled = try await Pull(reference, pullOptions(in: workspace)).run(
                    in: workspace,
                    report: report
                )
            } catch let failure { throw isKnown(in: workspace) ? failure : error }
            report(.note("\(pulled.model) \(pulled.format) \(pulled.quant) pulled: \(pulled.sizeBytes)"))
            var stored = reference
            // A path is stored under a name.
            if case .local = reference.source, let name = try? ModelReference(parsing: pulled.model) {
                stored = name.spelledOut
            }
            return (try await Launch(stored, quant: quant, flags: flags).plan(in: workspace), true)
        }
    }

    /// Whether there is somewhere to pull it from: what is not in the catalog either is told as what is not stored.
    private func isKnown(in workspace: Workspace) -> Bool {
        guard case .catalog = reference.source else { return true }
        return (try? workspace.catalog())?.entry(for: reference) != nil
    }

    private func pullOptions(in workspace: Workspace) throws(Failure) -> PullOptions {
        var options = try PullOptions(in: workspace)
        options.quant = quant
        return options
    }

    private func advise(in workspace: Workspace, _ report: @escaping Reporter) async {
        await MemoryAdvice(reference, quant: quant, flags: flags).report(in: workspace, to: report)
    }
}

/// Goes back to the model that was served before.
public struct Rollback: Sendable {
    private let timeout: Duration

    /// Describes it.
    public init(timeout: Duration = Use.patience) { self.timeout = timeout }

    /// What would be served.
    public func plan(in workspace: Workspace) async throws(Failure) -> UsedModel {
        let stage = try await ServingStage(workspace)
        let state = try stage.state()
        let target = try stage.target(of: state)
        return stage.outcome(target, state, try await stage.container()?.shownName, changed: true)
    }

    /// Does it.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> UsedModel {
        let stage = try await ServingStage(workspace)
        let lock = try await stage.lock()
        defer { withExtendedLifetime(lock) {} }
        let target = try stage.target(of: try stage.state())
        return try await stage.swap(to: target, try await stage.container(), timeout, rollsBack: true, report)
    }
}
