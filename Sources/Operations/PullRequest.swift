public import Catalog
import Hub
public import Platform
import Store
import SystemPackage

/// How a pull was asked for, beyond the model's name.
public struct PullOptions: Sendable {
    /// The quantization.
    public var quant: Quantization?
    /// The format.
    public var format: ModelFormat?
    /// The branch, tag or commit.
    public var revision: String?
    /// Patterns of files to take besides those that are chosen.
    public var include: [String] = []
    /// Patterns of files to leave out of those that are chosen.
    public var exclude: [String] = []
    /// Whether what is stored is fetched again.
    public var force = false
    /// The most connections at a time.
    public var connections = 8
    /// The most bytes a second.
    public var rateLimit: ByteCount?
    /// Whether the hub must not be asked.
    public var isOffline = false
    /// The name to store it under.
    public var name: String?
    /// Whether it is fetched only for something to be made of it.
    var isLoan = false

    /// The usual way.
    public init() {}

    /// The way that is set for the machine.
    public init(in workspace: Workspace) throws(Failure) {
        let settings = try workspace.settings()
        if let count = settings.value(of: Settings.connections, as: Int.self) { connections = count }
        rateLimit = settings.value(of: Settings.limitRate, as: String.self).flatMap { ByteCount(parsing: $0) }
    }

    /// The options of the command line that ask for the same files again.
    var words: [String] {
        let named: [(String, String?)] = [
            ("--quant", quant?.name), ("--format", format?.rawValue), ("--revision", revision),
            ("--as", name),
        ]
        return named.flatMap { flag, value in value.map { [flag, $0] } ?? [] }
            + include.flatMap { ["--include", $0] } + exclude.flatMap { ["--exclude", $0] }
    }
}

/// What a MODEL means for a stack: its name there, and where its bytes come from.
struct PullRequest: Sendable {
    enum Origin: Sendable {
        case hub(RepositoryID, revision: String)
        case ollama(OllamaReference)
        case local(FilePath)
    }

    /// The name under which it is stored.
    let model: String
    let origin: Origin
    let selection: SelectionRequest
    /// The digest that the catalog pins, if the user wrote one there.
    let pinned: Digest?
    /// Where adapters go that come with the model; none if the stack's engine cannot be given any.
    let adapters: ModelStore?

    /// The branch, tag or commit of the hub that was asked for, or the tag of the registry.
    var revision: String? {
        switch origin {
        case .hub(_, let revision): revision
        case .ollama(let reference): reference.tag
        case .local: nil
        }
    }

    /// The choice of files in a canonical form: two pulls with the same one want the same files.
    var fingerprint: String {
        let parts =
            [selection.quant.map { "quant=\($0)" }, selection.path.map { "path=\($0)" }].compactMap(\.self)
            + selection.include.sorted().map { "include=\($0)" }
            + selection.exclude.sorted().map { "exclude=\($0)" }
        return parts.joined(separator: " ")
    }

    /// Whether a stored model is what this request would choose, as far as that can be told without the hub.
    func isAnswered(by stored: StoredModel) -> Bool {
        guard stored.manifest.conversion == nil else { return false }
        if case .ollama(let reference) = origin { return isAnswered(by: stored, for: reference) }
        guard case .hub(let repository, _) = origin, stored.manifest.source.kind == .hub,
            // One that the hub has renamed is stored under the name that it was asked for by.
            [stored.manifest.source.repository, stored.key.model].map({ $0.lowercased() })
                .contains(repository.description.lowercased()),
            selection.formats.contains(where: { $0.rawValue == stored.key.format })
        else { return false }
        if stored.manifest.source.selection == fingerprint { return true }
        // `pull x` and `pull x:q4_k_m` mean the same files where the former has chosen q4_k_m.
        let isPlain = selection.include.isEmpty && selection.exclude.isEmpty && selection.path == nil
        let wasPlain =
            !(stored.manifest.source.selection ?? "").contains("clude=")
            && !(stored.manifest.source.selection ?? "").contains("path=")
        return isPlain && wasPlain && (selection.quant ?? selection.defaultQuant)?.name == stored.key.quant
    }

    // MARK: Resolving

    init(_ reference: ModelReference, _ options: PullOptions, for stack: Stack, in workspace: Workspace)
        async throws(Failure)
    {
        if let name = options.name { try StoredName(text: name).check(for: reference, in: workspace) }
        let model = try await ConfiguredModel(
            reference,
            quant: options.quant,
            format: options.format,
            in: workspace
        )
        let reference = model.reference
        let quant = model.quant ?? reference.quantization
        let declared = model.config?.settings[SettingKey.revision]
        let revision = options.revision ?? reference.revision ?? declared ?? "main"
        let engineFormats = stack.engine.formats(preferring: stack.defaults.format)
        var selection = SelectionRequest(
            formats: model.format.map { [$0] } ?? engineFormats,
            quant: quant,
            defaultQuant: stack.defaults.quantization,
            include: options.include,
            exclude: options.exclude
        )
        switch reference.source {
        case .repository(let id), .repositoryFile(let id, _):
            guard let repository = RepositoryID(id) else {
                throw Failure(.invalid, "`\(id)` is not the name of a repository on the hub")
            }
            if case .repositoryFile(_, let path) = reference.source {
                selection.path = path
                selection.formats = [.gguf]
            }
            self.init(
                model: options.name ?? repository.description,
                origin: .hub(repository, revision: revision),
                selection: selection
            )
        case .ollama(let name):
            let model = if let own = options.name { own } else { try Self.storedName(of: name) }
            try self.init(name, selection, options, model: model, for: stack)
        case .local(let path):
            let model = options.name ?? Self.name(of: path)
            self.init(model: model, origin: .local(path), selection: selection)
        case .catalog:
            let (entry, rest) = try Self.entry(for: reference, in: workspace)
            selection.quant = options.quant ?? rest
            try self.init(entry, selection, options, revision: revision, for: stack)
        }
    }

    init(
        model: String,
        origin: Origin,
        selection: SelectionRequest,
        pinned: Digest? = nil,
        adapters: ModelStore? = nil
    ) {
        self.model = model
        self.origin = origin
        self.selection = selection
        self.pinned = pinned
        self.adapters = adapters
    }

    private init(
        _ entry: CatalogEntry,
        _ selection: SelectionRequest,
        _ options: PullOptions,
        revision: String,
        for stack: Stack
    ) throws(Failure) {
        var selection = selection
        let has: [ModelFormat] =
            (entry.gguf.isEmpty ? [] : [.gguf]) + (entry.safetensors == nil ? [] : [.safetensors])
        guard let format = selection.formats.first(where: has.contains) else {
            throw Failure(
                .unsupported,
                "the catalog has no \(selection.formats.map(\.rawValue).joined(separator: " or ")) of `\(entry.reference)`",
                hint: has.first.map { "it has \($0.rawValue): add `--format \($0.rawValue)`" }
            )
        }
        selection.formats = [format]
        var repository = entry.safetensors
        var pinned: Digest?
        if format == .gguf {
            let usual = GGUFSet.usualQuants(selection.defaultQuant).first { entry.gguf[$0] != nil }
            let quant = selection.quant ?? usual ?? entry.quantizations.first
            let source = quant.flatMap { entry.gguf[$0] }
            if let source, case .ollama(let name) = source.place {
                selection.quant = quant
                let model = options.name ?? entry.reference
                try self.init(name, selection, options, model: model, pinned: source.sha256, for: stack)
                return
            }
            repository = try Self.repository(of: source, quant, in: entry)
            selection.pattern = source?.file
            pinned = source?.sha256
        }
        guard let id = repository.flatMap({ RepositoryID($0) }) else {
            throw Failure(.invalid, "the catalog names no usable repository for `\(entry.reference)`")
        }
        self.init(
            model: options.name ?? entry.reference,
            origin: .hub(id, revision: revision),
            selection: selection,
            pinned: pinned
        )
    }

    /// The repository of a quantization; one that the catalog does not list may still be in that of the others.
    private static func repository(
        of source: GGUFSource?,
        _ quant: Quantization?,
        in entry: CatalogEntry
    ) throws(Failure) -> String {
        let others = entry.quantizations.lazy.compactMap { entry.gguf[$0] }.first { $0.file != nil }
        if let source = source ?? others { return source.repository }
        throw Failure(
            .unsupported,
            "the catalog has no \(quant?.name ?? "gguf") of `\(entry.reference)`",
            hint: "it has \(entry.quantizations.map(\.name).joined(separator: ", "))"
        )
    }

    /// The catalog's entry of that name, or what the user may have meant.
    static func entry(
        for reference: ModelReference,
        in workspace: Workspace
    ) throws(Failure) -> (entry: CatalogEntry, quantization: Quantization?) {
        let catalog = try workspace.catalog()
        if let found = catalog.entry(for: reference) { return found }
        let typed = "\(reference)"
        let near = catalog.nearest(to: typed, most: 3)
        throw Failure(
            .notFound,
            "there is no model `\(typed)` in the catalog",
            hint: near.isEmpty
                ? "see `stackctl catalog ls`, or name a repository of the hub: `ORG/REPO`"
                : "did you mean \(near.map { "`\($0)`" }.joined(separator: " or "))?"
        ).noticingLocal(reference)
    }

    /// The name under which a file or folder of this machine is stored.
    static func name(of path: FilePath) -> String {
        let name = path.lexicallyNormalized().lastComponent?.string ?? "model"
        let stem =
            ShardName(name)?.stem ?? (name.lowercased().hasSuffix(".gguf") ? String(name.dropLast(5)) : name)
        // What a person could not type again as a name is replaced.
        let plain = String(
            stem.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" }
        )
        let word = plain.drop { !($0.isLetter || $0.isNumber) }
        return word.isEmpty ? "model" : String(word)
    }
}

extension EngineName {
    /// The formats that the engine serves, the stack's own choice first.
    func formats(preferring preferred: ModelFormat) -> [ModelFormat] {
        switch self {
        case .llamacpp: [.gguf]
        case .vllm: [.safetensors]
        case .mistralrs: [preferred] + ModelFormat.published.filter { $0 != preferred }
        }
    }
}
