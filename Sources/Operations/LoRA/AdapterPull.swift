public import Catalog
import Platform
import SystemPackage

/// Brings an adapter into a stack's folder of adapters, whatever model it is for.
public struct AdapterPull: Sendable {
    private let reference: ModelReference
    private let options: PullOptions

    /// Describes a pull.
    public init(_ reference: ModelReference, _ options: PullOptions = PullOptions()) {
        self.reference = reference
        self.options = options
    }

    /// Settles what a pull would do, without changing anything.
    public func plan(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> PullPlan {
        try await fetch(in: workspace, report).plan(in: workspace)
    }

    /// Pulls; an adapter that is there already is not fetched again.
    public func run(
        in workspace: Workspace,
        report: @escaping Reporter
    ) async throws(Failure) -> Pull.Outcome {
        let fetch = try await fetch(in: workspace, report)
        let (model, wasThere) = try await fetch.run(in: workspace, report: report)
        return Pull.Outcome(fetch.stack, model, wasThere: wasThere)
    }

    private func fetch(in workspace: Workspace, _ report: @escaping Reporter) async throws(Failure)
        -> AdapterFetch
    {
        let stack = try workspace.stack()
        let source = try AdapterSource(
            reference,
            revision: options.revision,
            quant: options.quant,
            below: try .working()
        )
        let lookup = AdapterLookup(source: source, stack: stack)
        let found = try await lookup.find(in: workspace, isOffline: options.isOffline, report: report)
        return AdapterFetch(found: found, stack: stack, options: options)
    }
}

extension FilePath {
    /// The working directory.
    static func working() throws(Failure) -> FilePath {
        do throws(SystemError) { return try FileSystem.currentDirectory() } catch {
            throw Failure(system: error)
        }
    }
}
