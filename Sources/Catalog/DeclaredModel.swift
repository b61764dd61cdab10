/// A model as one file declares it.
struct DeclaredModel: Sendable {
    /// What a variant inherits from its model.
    struct Shared: Sendable {
        var description: String?
        var family: String?
        var licence: String?
        var gated: Bool?
        var useCases: [String]?
        var tags: [String]?

        /// These, where they say something, else those of `base`.
        func over(_ base: Shared) -> Shared {
            Shared(
                description: description ?? base.description,
                family: family ?? base.family,
                licence: licence ?? base.licence,
                gated: gated ?? base.gated,
                useCases: useCases ?? base.useCases,
                tags: tags ?? base.tags
            )
        }
    }

    /// One size or version.
    struct Variant: Sendable {
        let tag: String
        var aliases: [String]
        let shared: Shared
        let safetensors: String?
        let tokenizer: String?
        let gguf: [Quantization: GGUFSource]
        let parameters: Int?
        let layers: Int?
        let heads: Int?
        let kvHeads: Int?
        let headSize: Int?
        let context: Int?
        let size: SizeClass?
        let recommended: Bool
        let origin: DeclarationOrigin

        /// Whether `word` is its tag or another word for it.
        func answers(to word: String) -> Bool { tag == word || aliases.contains(word) }
    }

    let name: String
    /// Where the name is written.
    let key: YAMLNode
    var shared: Shared
    /// The tag that the bare name means, and where that is written.
    var defaultTag: (tag: String, node: YAMLNode)?
    var variants: [Variant]

    /// The variant that the bare name means.
    var defaultVariant: Variant? {
        if let tag = defaultTag?.tag { return variants.first { $0.answers(to: tag) } }
        return variants.first { $0.answers(to: CatalogEntry.untagged) }
            ?? variants.first(where: \.recommended) ?? variants.first
    }

    /// This declaration laid over another one of the same name: a variant replaces that of the same tag, what
    /// else is said replaces what was said.
    func over(_ base: DeclaredModel) -> DeclaredModel {
        var result = base
        result.shared = shared.over(base.shared)
        for variant in variants {
            result.variants.removeAll { $0.tag == variant.tag }
            // A word can mean one variant, and the user's is the one that was said last.
            for index in result.variants.indices {
                result.variants[index].aliases.removeAll(where: variant.answers)
            }
            result.variants.append(variant)
        }
        if let defaultTag {
            result.defaultTag = defaultTag
        } else if let untagged = variants.first(where: { $0.tag == CatalogEntry.untagged }) {
            result.defaultTag = (untagged.tag, key)
        }
        return result
    }

    /// The entries of the catalog, with what they inherit filled in.
    func entries() -> [CatalogEntry] {
        let defaultTag = defaultVariant?.tag
        return variants.map { variant in
            let shared = variant.shared.over(shared)
            return CatalogEntry(
                name: name,
                tag: variant.tag,
                aliases: variant.aliases,
                isDefault: variant.tag == defaultTag,
                description: shared.description,
                family: shared.family,
                licence: shared.licence,
                gated: shared.gated,
                useCases: shared.useCases ?? [],
                tags: shared.tags ?? [],
                sizeClass: variant.size ?? variant.parameters.map(SizeClass.init(parameters:)),
                recommended: variant.recommended,
                safetensors: variant.safetensors,
                tokenizer: variant.tokenizer ?? variant.safetensors,
                gguf: variant.gguf,
                parameters: variant.parameters,
                layers: variant.layers,
                heads: variant.heads,
                kvHeads: variant.kvHeads,
                headSize: variant.headSize,
                context: variant.context,
                origin: variant.origin
            )
        }
    }
}
