/// An adapter that is to be laid over a model's weights.
public struct LaunchAdapter: Sendable, Hashable {
    /// What clients call it, where the engine has names for adapters.
    public var name: String
    /// Its file or folder, as the engine's container sees it.
    public var path: String
    /// How strongly it is laid over the weights; fully if nothing is said.
    public var scale: Double?
    /// The rank of its matrices, if it could be read.
    public var rank: Int?

    /// Describes an adapter.
    public init(name: String, path: String, scale: Double? = nil, rank: Int? = nil) {
        self.name = name
        self.path = path
        self.scale = scale
        self.rank = rank
    }

    /// An adapter of which only the path is known: it is called as its file or folder is.
    public init(path: String) {
        let last = ModelFiles.name(of: path)
        self.init(name: last.hasSuffix(".gguf") ? String(last.dropLast(".gguf".count)) : last, path: path)
    }

    /// Whether it is in llama.cpp's own form rather than in PEFT's.
    var isGGUF: Bool { path.lowercased().hasSuffix(".gguf") }
}
