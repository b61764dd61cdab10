public import Catalog
public import FoundationEssentials
public import Platform
import Store
import SystemPackage
import Transfer

/// A line of `ls`: a model that is stored, one that is under way, one that is damaged, or one that could be pulled.
public struct ListedModel: Sendable, Encodable {
    /// What there is of it.
    public enum State: String, Sendable, Encodable { case ready, partial, damaged, available }

    /// The stack whose volume it is in.
    public var stack: String
    /// Its name.
    public var model: String
    /// `gguf` or `safetensors`.
    public var format: String?
    /// Its quantization.
    public var quant: String?
    /// The length of its files; of a partial one, of what has arrived.
    public var sizeBytes: ByteCount?
    /// The number of its files.
    public var files: Int?
    /// The number of its weights.
    public var parameters: Int64?
    /// The longest context it was made for.
    public var contextLength: Int?
    /// For example `llama`.
    public var architecture: String?
    /// The repository, the name at a registry or the path that it came from.
    public var source: String?
    /// The commit it came from, or the hash of the registry's manifest.
    public var revision: String?
    /// When it was pulled.
    public var pulledAt: Date?
    /// When it was last used, as far as that was noted.
    public var lastUsedAt: Date?
    /// What there is of it.
    public var state: State
}

/// Lists what is in the volumes.
public struct Listing: Sendable {
    private let format: ModelFormat?
    private let includesCatalog: Bool

    /// Describes a list: of one format or all, with or without what could be pulled.
    public init(format: ModelFormat? = nil, includesCatalog: Bool = false) {
        self.format = format
        self.includesCatalog = includesCatalog
    }

    /// The lines, by stack and name.
    public func run(in workspace: Workspace, report: Reporter) async throws(Failure) -> [ListedModel] {
        var lines: [ListedModel] = []
        let isChosen = workspace.stackName != nil
        for stack in try workspace.selectedStacks() {
            do throws(Failure) { lines += try await volumeLines(of: stack, in: workspace, report) } catch {
                // One volume that cannot be read must not hide the others.
                guard !isChosen else { throw error }
                report(.warning(error.message))
            }
        }
        if includesCatalog {
            lines += try available(in: workspace, besides: Set(lines.map { $0.model.lowercased() }))
        }
        return lines.filter { format == nil || $0.format == nil || $0.format == format?.rawValue }
    }

    private func volumeLines(of stack: Stack, in workspace: Workspace, _ report: Reporter)
        async throws(Failure) -> [ListedModel]
    {
        let store = try await workspace.store(of: stack)
        let partials: [Partial]
        let found: (models: [StoredModel], damaged: [StoreError])
        do throws(StoreError) {
            found = try store.models()
            partials = try store.partials()
        } catch { throw Failure(store: error) }
        for error in found.damaged { report(.warning("\(error)")) }
        let lastUse = store.lastUses()
        let areWhole = found.models.concurrentMap { $0.firstMissingFile == nil }
        return zip(found.models, areWhole).map { model, isWhole in
            ListedModel(stack: stack.name, model, lastUsedAt: lastUse(model.key), isWhole: isWhole)
        }
            + damaged(found.damaged, stack)
            + underWay(partials, stack)
    }

    private func damaged(_ errors: [StoreError], _ stack: Stack) -> [ListedModel] {
        errors.compactMap { error in
            guard case .malformedManifest(let path, _) = error else { return nil }
            let parts = path.components.suffix(4).map(\.string)
            guard parts.count == 4 else { return nil }
            return ListedModel(
                stack: stack.name,
                model: parts[0],
                format: parts[1],
                quant: parts[2],
                state: .damaged
            )
        }
    }

    /// Downloads under way, those for one model in one line.
    private func underWay(_ partials: [Partial], _ stack: Stack) -> [ListedModel] {
        var lines: [String: ListedModel] = [:]
        for partial in partials {
            let purpose = partial.purpose
            let model = purpose?.model ?? partial.directory.lastComponent?.string ?? "unknown"
            let key = "\(model) \(purpose?.format ?? "") \(purpose?.quant ?? "")"
            var line =
                lines[key]
                ?? ListedModel(
                    stack: stack.name,
                    model: model,
                    format: purpose?.format,
                    quant: purpose?.quant,
                    sizeBytes: 0,
                    files: 0,
                    state: .partial
                )
            // Of what is made nobody notes how much of it is there.
            let isMade = purpose?.isConversion == true
            line.sizeBytes =
                (line.sizeBytes ?? 0)
                + (isMade ? partial.occupied : TransferEngine.received(in: partial.directory))
            line.files = (line.files ?? 0) + 1
            lines[key] = line
        }
        return lines.values.sorted { ($0.model, $0.quant ?? "") < ($1.model, $1.quant ?? "") }
    }

    private func available(in workspace: Workspace, besides stored: Set<String>) throws(Failure)
        -> [ListedModel]
    {
        let stack = try workspace.stack()
        return try workspace.catalog().entries.filter { !stored.contains($0.reference.lowercased()) }.map {
            entry in
            ListedModel(
                stack: stack.name,
                model: entry.reference,
                format: nil,
                quant: nil,
                parameters: entry.parameters.map { Int64($0) },
                contextLength: entry.context,
                source: entry.safetensors ?? entry.gguf.min { $0.key < $1.key }?.value.repository,
                state: .available
            )
        }
    }
}

extension ListedModel {
    init(stack: String, _ model: StoredModel, lastUsedAt: Date?, isWhole: Bool) {
        let manifest = model.manifest
        self.init(
            stack: stack,
            model: manifest.model,
            format: manifest.format,
            quant: manifest.quant,
            sizeBytes: manifest.size,
            files: manifest.files.count,
            parameters: manifest.facts.parameters,
            contextLength: manifest.facts.contextLength,
            architecture: manifest.facts.architecture,
            source: manifest.source.shown,
            revision: manifest.source.revision,
            pulledAt: manifest.pulledAt,
            lastUsedAt: lastUsedAt,
            state: isWhole ? .ready : .damaged
        )
    }
}

extension Manifest.Source {
    /// What to name it by in a list: what a person could pull again.
    var shown: String {
        guard kind == .ollama, let endpoint, let tag = requestedRevision else { return repository }
        let scheme = endpoint.hasPrefix("http://") ? "ollama+http" : "ollama"
        let host = endpoint.split(separator: "/", omittingEmptySubsequences: true).last ?? ""
        let name = "\(scheme)://\(host)/\(repository):\(tag)"
        return OllamaReference(parsing: name).map { "\($0)" } ?? name
    }
}
