public import Catalog
import Engines
import FoundationEssentials
import Hub
public import Platform
import Store
import SystemPackage
import Transfer

/// Brings a model into a stack's volume: resolved, planned, fetched, verified, then visible.
public struct Pull: Sendable {
    /// How a pull ended.
    public struct Outcome: Sendable, Encodable {
        /// The stack.
        public let stack: String
        /// The model's name.
        public let model: String
        /// `gguf` or `safetensors`.
        public let format: String
        /// The quantization or the type of the weights.
        public let quant: String
        /// The length of its files.
        public let sizeBytes: ByteCount
        /// The number of its files.
        public let files: Int
        /// The folder of its files.
        public let path: String
        /// The commit it came from, if it came from a hub.
        public let revision: String?
        /// Whether it was there already.
        public let wasThere: Bool

        init(_ stack: Stack, _ stored: StoredModel, wasThere: Bool) {
            self.stack = stack.name
            (model, format, quant) = (stored.key.model, stored.key.format, stored.key.quant)
            (sizeBytes, files) = (stored.manifest.size, stored.manifest.files.count)
            path = stored.layout.directory(of: stored.key).string
            revision = stored.manifest.source.revision
            self.wasThere = wasThere
        }
    }

    private let reference: ModelReference
    private let options: PullOptions

    /// Describes a pull.
    public init(_ reference: ModelReference, _ options: PullOptions = PullOptions()) {
        self.reference = reference
        self.options = options
    }

    /// Settles what a pull would do, without changing anything.
    public func plan(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> PullPlan {
        let stack = try workspace.stack()
        let store = try await workspace.store(of: stack)
        let request = try PullRequest(reference, options, for: stack, in: workspace)
        let hub = workspace.hub(offline: options.isOffline)
        let resolved = try await resolve(request, hub, report)
        let planned = try await choose(request, resolved, store, hub, in: workspace, report)
        // Whether they may be had is told by the files alone; what is listed is listed for everybody.
        if let part = zip(planned.selection.files, planned.copies).first(where: { $0.1 == nil })?.0.parts
            .first
        {
            do throws(HubError) { _ = try await hub.locate(part, at: resolved) } catch {
                throw Failure(error, client: hub)
            }
        }
        return try planned.plan(stack: stack, store: store)
    }

    /// Pulls; a model that is there already is not fetched again.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> Outcome {
        let stack = try workspace.stack()
        do {
            let store = try await workspace.store(of: stack)
            let request = try PullRequest(reference, options, for: stack, in: workspace)
            if case .local(let path) = request.origin {
                let model = try await Import(path, request, options).run(in: store, report: report)
                return Outcome(stack, model, wasThere: false)
            }
            return try await run(request, stack, store, in: workspace, report)
        } catch {
            let failure = Failure(error)
            throw failure.kind == .cancelled ? failure.hinting(resumeHint(stack, workspace.home)) : failure
        }
    }

    private func resumeHint(_ stack: Stack, _ home: Home) -> String {
        let options = home.origin == .flag ? ["--home", home.path.string] : []
        let words = ["stackctl"] + options + [stack.name, "pull", "\(reference)"] + self.options.words
        return
            "what has arrived is kept: `\(words.map(ShellCommand.quoted).joined(separator: " "))` goes on from there"
    }

    private func run(
        _ request: PullRequest,
        _ stack: Stack,
        _ store: ModelStore,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws -> Outcome {
        let hub = workspace.hub(offline: options.isOffline)
        report(.stage("resolving \(request.model)"))
        let before = options.force ? nil : try there(request, in: store)
        let resolved: Revision
        switch try await state(of: before, request, hub, report) {
        case .current(let model): return Outcome(stack, model, wasThere: true)
        case .changed(let revision): resolved = revision
        }
        let format = request.selection.formats[0].rawValue
        let lock = try await store.lock(model: request.model, format: format) {
            report(.stage("waiting for another stackctl that pulls \(request.model)"))
        }
        defer { withExtendedLifetime(lock) {} }
        if !options.force, let now = try there(request, in: store),
            now.manifest.source.revision == resolved.commit
        {
            return Outcome(stack, now, wasThere: true)
        }
        let planned = try await choose(request, resolved, store, hub, in: workspace, report)
        try planned.plan(stack: stack, store: store).checkSpace(volume: store.layout.volume)
        let model = try await Fetch(planned, store, hub, options).run(report)
        return Outcome(stack, model, wasThere: false)
    }

    // MARK: Is it there?

    private enum StoredState {
        case current(StoredModel)
        case changed(Revision)
    }

    private func there(_ request: PullRequest, in store: ModelStore) throws(StoreError) -> StoredModel? {
        try store.models(named: request.model).first(where: request.isAnswered)
    }

    /// Asks the hub at most once whether what is stored is what it has; a hub that cannot answer changes nothing.
    private func state(
        of stored: StoredModel?,
        _ request: PullRequest,
        _ hub: HubClient,
        _ report: @escaping Reporter
    ) async throws(Failure) -> StoredState {
        guard let stored else { return .changed(try await resolve(request, hub, report)) }
        if case .hub(_, let revision) = request.origin, revision == stored.manifest.source.revision {
            return .current(stored)
        }
        do throws(Failure) {
            let revision = try await resolve(request, hub, report, tries: 1)
            return revision.commit == stored.manifest.source.revision ? .current(stored) : .changed(revision)
        } catch {
            guard error.kind == .unavailable else { throw error }
            report(
                .note(
                    "\(error.message); what is stored is from \(stored.manifest.source.revision?.prefix(8) ?? "an unknown commit")"
                )
            )
            return .current(stored)
        }
    }

    private func resolve(
        _ request: PullRequest,
        _ hub: HubClient,
        _ report: @escaping Reporter,
        tries: Int = 4
    ) async throws(Failure) -> Revision {
        guard case .hub(let repository, let revision) = request.origin else {
            throw Failure(.unsupported, "a local path has no plan", hint: "leave out `--dry-run`")
        }
        do throws(HubError) {
            return try await hub.revision(revision, of: repository, tries: tries)
        } catch { throw Failure(error, client: hub) }
    }

    // MARK: Which files?

    private func choose(
        _ request: PullRequest,
        _ revision: Revision,
        _ store: ModelStore,
        _ hub: HubClient,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws(Failure) -> PlannedPull {
        let listed: (files: [RepositoryFile], refused: [String])
        do throws(HubError) { listed = try await hub.files(of: revision) } catch {
            throw Failure(error, client: hub)
        }
        if let path = listed.refused.first {
            throw Failure(
                .invalid,
                "`\(revision.repository)` lists the path `\(path)`, which leads out of its folder; nothing was stored",
                hint: "do not use this repository"
            )
        }
        let selection: FileSelection
        do throws(SelectionRefusal) {
            selection = try FileSelection.choose(request.selection, from: listed.files)
        } catch { throw Failure(error, of: revision.repository, request) }
        if let pinned = request.pinned, let file = selection.files.first,
            file.parts.map(\.content) != [.sha256(pinned)]
        {
            throw Failure(
                .invalid,
                "`\(file.path)` on the hub has another hash than the catalog's `sha256`",
                hint: "correct the entry in config/models.yaml, or do not trust the file"
            )
        }
        if request.selection.quant == nil, let quant = selection.quant,
            quant != request.selection.defaultQuant
        {
            report(
                .note(
                    "`\(request.model)` has no \(request.selection.defaultQuant?.name ?? "default"); taking \(quant)"
                )
            )
        }
        let copies = options.force ? [] : try await storedCopies(of: selection, store, in: workspace)
        return PlannedPull(
            request: request,
            revision: revision,
            selection: selection,
            copies: copies.isEmpty ? selection.files.map { _ in nil } : copies
        )
    }

    /// Verified files of the same content in any stack's volume on the same filesystem.
    private func storedCopies(
        of selection: FileSelection,
        _ store: ModelStore,
        in workspace: Workspace
    ) async throws(Failure) -> [FilePath?] {
        var known: [String: FilePath] = [:]
        for stack in try workspace.stacks() {
            guard let other = try? await workspace.store(of: stack), let models = try? other.models().models
            else { continue }
            for model in models {
                for file in model.manifest.files {
                    let path = model.path(of: file)
                    guard let status = try? FileSystem.status(path), status.size == file.sizeBytes,
                        status.kind == .file,
                        status.device == store.device
                    else { continue }
                    known[file.sha256] = path
                    if let blob = file.gitBlob { known[blob] = path }
                }
            }
        }
        return selection.files.map { $0.parts.count == 1 ? known[$0.parts[0].content.digest.hex] : nil }
    }
}

extension ModelStore {
    /// The filesystem that the volume is on, or would be.
    fileprivate var device: UInt64? {
        var place = layout.volume
        while !place.isEmpty {
            if let status = try? FileSystem.status(place) { return status.device }
            place.removeLastComponent()
        }
        return nil
    }
}
