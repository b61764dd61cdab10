import Catalog
import Hub
import Platform
import SystemPackage

/// Where an adapter comes from, and the name under which a stack's folder of adapters has it.
struct AdapterSource: Sendable, Equatable {
    /// A repository of the hub or a path of this machine, which is absolute.
    let reference: ModelReference

    /// Reads what somebody typed or wrote; a relative path begins at `folder`.
    init(
        _ text: String,
        revision: String? = nil,
        below folder: FilePath,
        in workspace: Workspace
    ) throws(Failure) {
        let reference: ModelReference
        do throws(ModelReferenceError) {
            reference = try ModelReference(parsing: text, environment: workspace.environment)
        } catch { throw Failure(.invalid, "\(error)", cause: error) }
        try self.init(reference, revision: revision, below: folder)
    }

    /// What a configuration declares.
    init(_ declared: DeclaredAdapter, in workspace: Workspace) throws(Failure) {
        try self.init(
            declared.source,
            revision: declared.revision,
            below: workspace.home.path,
            in: workspace
        )
    }

    /// Takes a reference, with another revision or quantization if they are named.
    init(
        _ reference: ModelReference,
        revision: String? = nil,
        quant: Quantization? = nil,
        below folder: FilePath
    ) throws(Failure) {
        switch reference.source {
        case .repository, .repositoryFile:
            self.reference = ModelReference(
                reference.source,
                quantization: quant ?? reference.quantization,
                revision: revision ?? reference.revision
            )
        case .local(let path):
            guard revision == nil else {
                throw Failure(.invalid, "`\(reference)` is of this machine and has no revisions")
            }
            let whole = path.isAbsolute ? path : folder.pushing(path)
            self.reference = ModelReference(.local(whole.lexicallyNormalized()))
        case .catalog, .ollama:
            throw Failure(
                .invalid,
                "`\(reference)` cannot be where an adapter comes from",
                hint: "name a repository of the hub, `OWNER/NAME`, one GGUF in it, or a path: `./folder`"
            )
        }
    }

    /// The source as a configuration has it; the revision is written apart.
    var text: String { "\(ModelReference(reference.source, quantization: reference.quantization))" }

    /// The branch, tag or commit that was asked for.
    var revision: String? { reference.revision }

    /// The name in the folder of adapters: the same for the same source and revision, and for no other.
    var name: String {
        switch reference.source {
        // Folders of one name lie in many places.
        case .local(let path): "\(Self.plain(path))-\(Digest.of(Array(path.string.utf8)).hex.prefix(8))"
        default: "\(reference)"
        }
    }

    private static func plain(_ path: FilePath) -> String {
        let name = path.lastComponent?.string ?? "adapter"
        let word = String(
            name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" }
        ).drop { $0 == "." || $0 == "-" }
        return word.isEmpty ? "adapter" : String(word.prefix(96))
    }

    /// What to ask of the hub or of this machine, the form first that the engine reads.
    func request(for engine: EngineName) -> PullRequest {
        var selection = SelectionRequest(
            formats: engine == .llamacpp ? [.gguf, .safetensors] : [.safetensors, .gguf],
            quant: reference.quantization
        )
        selection.isAdapter = true
        if case .repositoryFile(_, let path) = reference.source { selection.path = path }
        return PullRequest(model: name, origin: origin, selection: selection)
    }

    private var origin: PullRequest.Origin {
        switch reference.source {
        case .repository(let id), .repositoryFile(let id, _):
            guard let repository = RepositoryID(id) else {
                preconditionFailure("a reference names a repository only if it can be one")
            }
            return .hub(repository, revision: revision ?? "main")
        case .local(let path): return .local(path)
        case .catalog, .ollama: preconditionFailure("an adapter comes from a repository or a path")
        }
    }
}
