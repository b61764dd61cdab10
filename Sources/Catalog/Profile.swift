public import Platform

/// What a model is wanted for: what is recommended then, and which of those that are there answers.
public struct Profile: Sendable {
    /// What is recommended from some memory on.
    public struct Rung: Sendable {
        /// The least memory of a host that it is for.
        public let memory: ByteCount
        /// The model in the catalog, with its quantization.
        public let model: ModelReference
        let node: YAMLNode
    }

    /// Its name.
    public let name: String
    /// Other names of it.
    public internal(set) var aliases: [String]
    /// What it is, in a line.
    public let description: String?
    /// What a model must have been made for, one of these; empty where nothing is to be recommended by the profile.
    public let useCases: [String]
    /// The tokens that a rung of the ladder must at least have room for.
    public let context: Int?
    /// What is recommended on a host without a GPU, from little memory to much; empty where that is left to arithmetic.
    public let ladder: [Rung]
    /// Which of the models that are there is chosen.
    public let route: ProfileRoute
    /// Where it was declared.
    public let origin: DeclarationOrigin
    let key: YAMLNode

    /// Its name and its other names.
    public var names: [String] { [name] + aliases }

    /// Whether a model is one of those that are of use.
    public func concerns(_ entry: CatalogEntry) -> Bool { entry.useCases.contains(where: useCases.contains) }
}

extension Profile.Rung {
    /// The model and the quantization that it means; that they are not in the catalog is a mistake at its place.
    public func resolved(
        in catalog: ModelCatalog
    ) throws(DeclarationError) -> (entry: CatalogEntry, quantization: Quantization) {
        guard let found = catalog.entry(for: model), let quantization = found.quantization,
            found.entry.gguf[quantization] != nil
        else { throw node.error("the catalog has no GGUF `\(model)`") }
        return (found.entry, quantization)
    }
}
