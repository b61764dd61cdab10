import Catalog
import Hub
import Platform
import Store
import SystemPackage

/// Finds out which files of its source a pull needs, and which of them this host has already.
struct FileChoice: Sendable {
    private let request: PullRequest
    private let source: PullSource
    private let options: PullOptions

    init(_ request: PullRequest, _ source: PullSource, _ options: PullOptions) {
        self.request = request
        self.source = source
        self.options = options
    }

    func run(
        _ store: ModelStore,
        in workspace: Workspace,
        report: Reporter
    ) async throws(Failure) -> PlannedPull {
        let selection = try await selection(report)
        let wanted = options.force ? [] : selection.files.flatMap { $0.parts.map(\.content.digest) }
        let copies = try await StoredCopies(store, in: workspace).find(wanted)
        return PlannedPull(
            request: request,
            source: source,
            selection: selection,
            copies: selection.files.map { $0.parts.count == 1 ? copies[$0.parts[0].content.digest.hex] : nil }
        )
    }

    /// Finds out which files are needed.
    func selection(_ report: Reporter) async throws(Failure) -> FileSelection {
        try await selectionAndSets(report).selection
    }

    /// Finds out which files are needed, and what GGUFs the repository has besides.
    func selectionAndSets(
        _ report: Reporter
    ) async throws(Failure) -> (selection: FileSelection, sets: [GGUFSet]) {
        let selection: FileSelection
        var sets: [GGUFSet] = []
        switch source {
        case .hub(let hub, let revision):
            let files = try await listed(hub, revision)
            selection = try choose(from: files, report)
            sets = GGUFSet.all(in: files)
        case .ollama(let registry, let reference, let manifest):
            let quant = try await quantization(reference, manifest, registry)
            selection = try RegistryFiles(reference, manifest, quant).choose(for: request, report)
        }
        try checkPin(of: selection)
        return (selection, sets)
    }

    /// What the tag says, else what the registry says of the model; the file's header has the last word if neither does.
    private func quantization(
        _ reference: OllamaReference,
        _ manifest: OllamaManifest,
        _ registry: OllamaRegistry
    ) async throws(Failure) -> Quantization? {
        if let named = reference.quantization { return named }
        do throws(OllamaError) {
            let told = try await registry.configuration(of: manifest, of: OllamaName(reference))
            return told?.fileType.flatMap { Quantization(parsing: $0) }
        } catch { throw Failure(error, registry: registry) }
    }

    private func listed(_ hub: HubClient, _ revision: Revision) async throws(Failure) -> [RepositoryFile] {
        let listed: (files: [RepositoryFile], refused: [String])
        do throws(HubError) { listed = try await hub.files(of: revision) } catch {
            throw Failure(error, client: hub)
        }
        guard let path = listed.refused.first else { return listed.files }
        throw Failure(
            .invalid,
            "`\(source.repository)` lists the path `\(path)`, which leads out of its folder; nothing was stored",
            hint: "do not use this repository"
        )
    }

    private func choose(from files: [RepositoryFile], _ report: Reporter) throws(Failure) -> FileSelection {
        let wanted = request.selection
        for pattern in wanted.include where !files.contains(where: { globMatches(pattern, $0.path.string) }) {
            report(.warning("`--include \(pattern)` matches no file of `\(source.repository)`"))
        }
        let selection: FileSelection
        do throws(SelectionRefusal) { selection = try FileSelection.choose(wanted, from: files) } catch {
            throw Failure(error, of: source.repository, request)
        }
        if wanted.quant == nil, wanted.path == nil, let quant = selection.quant,
            let usual = wanted.defaultQuant, quant != usual
        {
            report(.note("`\(source.repository)` has no \(usual); taking \(quant)"))
        }
        return selection
    }

    private func checkPin(of selection: FileSelection) throws(Failure) {
        let place = if case .hub = source { "on the hub" } else { "of `\(source.repository)`" }
        guard let pinned = request.pinned, let file = selection.files.first,
            file.parts.map(\.content) != [.sha256(pinned)]
        else { return }
        throw Failure(
            .invalid,
            "`\(file.path)` \(place) has another hash than the catalog's `sha256`",
            hint: "correct the entry in config/models.yaml, or do not trust the file"
        )
    }
}
