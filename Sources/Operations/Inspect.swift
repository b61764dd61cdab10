public import Catalog
import Formats
import Hub
import Platform
import Store
import SystemPackage

/// How a header was asked for, beyond the model's name.
public struct InspectOptions: Sendable {
    /// The quantization.
    public var quant: Quantization?
    /// The format.
    public var format: ModelFormat?
    /// The branch, tag or commit.
    public var revision: String?
    /// Whether the header is read where a pull would fetch the model from.
    public var isRemote = false
    /// Whether each tensor is listed.
    public var listsTensors = false
    /// Whether arrays are shown whole.
    public var isFull = false

    /// The usual way.
    public init() {}
}

/// Reads what the headers of a model's files say, without their data.
public struct Inspect: Sendable {
    private let reference: ModelReference
    private let options: InspectOptions

    /// Describes a question.
    public init(_ reference: ModelReference, _ options: InspectOptions = InspectOptions()) {
        self.reference = reference
        self.options = options
    }

    private var arrayLimit: Int { options.isFull ? .max : GGUFHeader.usualArrayLimit }

    /// Reads the headers.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure)
        -> InspectedModel
    {
        let found: (headers: ModelHeaders, source: InspectedModel.Source)
        switch reference.source {
        case .local(let path) where options.isRemote:
            throw Failure(.invalid, "`--remote` reads from a hub, and \(path) is a path of this machine")
        case .local(let path): found = try LocalModel(path, options, arrayLimit).read()
        case _ where options.isRemote: found = try await remote(in: workspace, report)
        default: found = try await stored(in: workspace)
        }
        let shown = InspectedParts(isFull: options.isFull, listsTensors: options.listsTensors)
        return try InspectedModel(found.headers, shown, source: found.source, report: report)
    }

    // MARK: Stored

    private func stored(in workspace: Workspace) async throws(Failure) -> (
        ModelHeaders, InspectedModel.Source
    ) {
        let lookup = StoredLookup(
            reference: reference,
            quant: options.quant,
            format: options.format,
            offersRemote: true
        )
        let (stack, model) = try await lookup.one(in: workspace)
        guard let read = try LocalHeaders(arrayLimit: arrayLimit).read(model) else {
            throw Failure(.unsupported, "`\(reference)` has the unknown format `\(model.manifest.format)`")
        }
        let source = InspectedModel.Source(
            kind: "stored",
            path: model.layout.directory(of: model.key).string,
            stack: stack.name,
            model: model.manifest.model,
            sizeBytes: model.manifest.size
        )
        return (read, source)
    }

    // MARK: Remote

    private func remote(in workspace: Workspace, _ report: @escaping Reporter) async throws(Failure) -> (
        ModelHeaders, InspectedModel.Source
    ) {
        let stack = try workspace.stack()
        var pull = PullOptions()
        (pull.quant, pull.format, pull.revision) = (options.quant, options.format, options.revision)
        let request = try await PullRequest(reference, pull, for: stack, in: workspace)
            .accepting(options.format.map { [$0] } ?? ModelFormat.published)
        let hub = workspace.hub(offline: false, report)
        report(.phase(.resolving, "resolving \(request.model)"))
        let (source, selection) = try await offeringAlternatives(to: request, stack, workspace, hub) {
            () async throws(Failure) in
            let source = try await request.resolve(hub)
            return (source, try await FileChoice(request, source, pull).selection(report))
        }
        report(.phase(.downloading, "reading the header of \(request.model)"))
        let read = try await RemoteHeaders(hub: hub, place: source.place, arrayLimit: arrayLimit)
            .read(selection)
        report(.note("read \(read.received) of \(read.size)"))
        let recorded = source.recorded(for: request)
        return (
            read.headers,
            InspectedModel.Source(
                kind: recorded.kind.rawValue,
                endpoint: recorded.endpoint.map(withoutUserinfo),
                repository: recorded.repository,
                revision: recorded.revision,
                readBytes: read.received,
                sizeBytes: read.size
            )
        )
    }

    /// Asks; what is stored is offered where the stack's volume can be looked into.
    private func offeringAlternatives<Answer: Sendable>(
        to request: PullRequest,
        _ stack: Stack,
        _ workspace: Workspace,
        _ hub: HubClient,
        _ ask: () async throws(Failure) -> Answer
    ) async throws(Failure) -> Answer {
        guard let store = try? await workspace.store(of: stack) else { return try await ask() }
        return try await Alternatives(to: request, in: store, at: hub).offered(unless: ask)
    }
}

extension PullRequest {
    /// The same request, content with other formats too: nobody serves what is only looked at.
    fileprivate func accepting(_ formats: [ModelFormat]) -> PullRequest {
        guard selection.path == nil else { return self }
        var selection = selection
        selection.formats += formats.filter { !selection.formats.contains($0) }
        return PullRequest(
            model: model,
            origin: origin,
            selection: selection,
            pinned: pinned,
            adapters: adapters
        )
    }
}
