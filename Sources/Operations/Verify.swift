public import Catalog
import Engines
import Glibc
import Hub
public import Platform
import Store
import SystemPackage
import Transfer

/// A file that was compared with its manifest.
public struct VerifiedFile: Sendable, Encodable {
    /// How it compared.
    public enum State: String, Sendable, Encodable {
        case ok, differs, missing
        /// A manifest that cannot be read, so that nothing is known of the other files.
        case damaged
    }

    /// The stack.
    public let stack: String
    /// The model.
    public let model: String
    /// The quantization.
    public let quant: String
    /// The file's path in the model.
    public let path: RelativePath
    /// How it compared.
    public let state: State
    /// The SHA-256 that the manifest states; none of a manifest itself.
    public let expected: String?
    /// The SHA-256 that it has; none if it is missing.
    public let actual: String?
    /// Whether it was fetched again and is right now; nothing where nobody tried.
    public var repaired: Bool?
    /// Why it could not be fetched again, or cannot be read.
    public var reason: String?
    /// What would make it right.
    public var fix: String?
}

/// Reads what is stored and compares it with the manifests, without asking anyone.
public struct Verify: Sendable {
    private let references: [ModelReference]
    private let repairs: Bool

    /// Describes a check of some models, or of all of the chosen stacks.
    public init(_ references: [ModelReference], repairs: Bool = false) {
        self.references = references
        self.repairs = repairs
    }

    private struct Item: Sendable {
        let stack: Stack
        let model: StoredModel
        let file: Manifest.File
    }

    /// Hashes all files, as many at a time as there are cores.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure)
        -> [VerifiedFile]
    {
        report(.phase(.verifying, "verifying what is stored"))
        let (items, damaged) = try await items(in: workspace)
        report(.files(items.map { ("\($0.model.key.model) \($0.file.path)", $0.file.sizeBytes) }))
        do {
            var verified = try await hash(items, report)
            if repairs { verified = try await repair(verified, items, in: workspace, report) }
            return verified + damaged
        } catch { throw Failure(error) }
    }

    private func items(in workspace: Workspace) async throws(Failure) -> ([Item], damaged: [VerifiedFile]) {
        var items: [Item] = []
        var damaged: [VerifiedFile] = []
        if references.isEmpty {
            for stack in try workspace.selectedStacks() {
                for store in [try await workspace.store(of: stack), stack.adapterStore] {
                    let found: (models: [StoredModel], damaged: [StoreError])
                    do throws(StoreError) { found = try store.models() } catch { throw Failure(store: error) }
                    for error in found.damaged { damaged.append(try self.damaged(error, in: store, stack)) }
                    items += found.models.flatMap { Self.items($0, stack) }
                }
            }
        }
        for reference in references {
            let lookup = StoredLookup(reference: reference)
            let (stack, _, models) = try await lookup.all(in: workspace)
            if models.isEmpty { throw await lookup.missing(stack, in: workspace) }
            for model in models {
                items += Self.items(model, stack)
                if let adapters = try stack.adapters(of: model) { items += Self.items(adapters, stack) }
            }
        }
        return (items, damaged)
    }

    /// The line of a manifest that cannot be read; it hides nothing of what else there is.
    private func damaged(
        _ error: StoreError,
        in store: ModelStore,
        _ stack: Stack
    ) throws(Failure) -> VerifiedFile {
        guard case .malformedManifest(let file, let reason) = error,
            let name = file.lastComponent.flatMap({ RelativePath($0.string) })
        else { throw Failure(store: error) }
        let folder = file.removingLastComponent()
        let parts = folder.components.suffix(3).map(\.string)
        let removal = ["stackctl", stack.name, "rm", parts[0], "--format", parts[1], "--quant", parts[2]]
        let fix =
            store == stack.adapterStore
            ? "remove `\(folder)`, and add the adapter again with `stackctl \(stack.name) lora add`"
            : "pull it again, or remove it with `\(removal.map(ShellCommand.quoted).joined(separator: " "))`"
        return VerifiedFile(
            stack: stack.name,
            model: parts[0],
            quant: parts[2],
            path: name,
            state: .damaged,
            expected: nil,
            actual: nil,
            repaired: repairs ? false : nil,
            reason: reason,
            fix: fix
        )
    }

    private static func items(_ model: StoredModel, _ stack: Stack) -> [Item] {
        model.manifest.files.map { Item(stack: stack, model: model, file: $0) }
    }

    private func hash(_ items: [Item], _ report: @escaping Reporter) async throws -> [VerifiedFile] {
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        var results = [VerifiedFile?](repeating: nil, count: items.count)
        // The largest first, or the last core works alone at the end.
        var waiting = Array(
            items.enumerated().sorted { $0.element.file.sizeBytes < $1.element.file.sizeBytes }
        )
        try await withThrowingTaskGroup(of: (Int, VerifiedFile).self) { group in
            var running = 0
            while running > 0 || !waiting.isEmpty {
                while running < cores, let (index, item) = waiting.popLast() {
                    group.addTask { (index, try await Self.compare(item, report)) }
                    running += 1
                }
                if let (index, result) = try await group.next() {
                    results[index] = result
                    running -= 1
                }
            }
        }
        return results.compactMap(\.self)
    }

    private static func compare(_ item: Item, _ report: @escaping Reporter) async throws -> VerifiedFile {
        let name = "\(item.model.key.model) \(item.file.path)"
        let path = item.model.path(of: item.file)
        let actual: Digest? = try await cancellableBlocking { checkCancellation in
            guard try FileSystem.status(path, followingLinks: false)?.kind == .file else { return nil }
            return try Digest.ofFile(path) { done in
                try checkCancellation()
                report(.progress(file: name, bytes: done, of: item.file.sizeBytes))
            }
        }
        report(.done(file: name))
        let state: VerifiedFile.State =
            actual == nil ? .missing : actual?.hex == item.file.sha256 ? .ok : .differs
        return VerifiedFile(
            stack: item.stack.name,
            model: item.model.key.model,
            quant: item.model.key.quant,
            path: item.file.path,
            state: state,
            expected: item.file.sha256,
            actual: actual?.hex,
            fix: state == .ok ? nil : item.model.remedy(on: item.stack)
        )
    }

    private func repair(
        _ verified: [VerifiedFile],
        _ items: [Item],
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws -> [VerifiedFile] {
        var results = verified
        var unanswered: [String: Failure] = [:]
        for (index, item) in items.enumerated() where verified[index].state != .ok {
            let endpoint = item.model.manifest.source.endpoint ?? ""
            do {
                // Who did not answer for one file is not waited for again.
                if let failure = unanswered[endpoint], item.model.isFetchable { throw failure }
                try await Repair(model: item.model, file: item.file, stack: item.stack).run(
                    in: workspace,
                    report
                )
                results[index].repaired = true
                results[index].fix = nil
            } catch {
                // One that cannot be fetched again should not keep the others from it.
                let failure = Failure(error)
                guard failure.kind != .cancelled else { throw failure }
                if failure.kind == .unavailable { unanswered[endpoint] = failure }
                results[index].repaired = false
                (results[index].reason, results[index].fix) = (failure.message, failure.hint)
            }
        }
        return results
    }
}
