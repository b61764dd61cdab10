import Platform
public import SystemPackage

extension ModelFacts {
    /// Reads the facts from a GGUF, or from all shards of one.
    public static func read(gguf files: [FilePath]) throws(FormatError) -> ModelFacts {
        var headers: [GGUFHeader] = []
        for file in files { headers.append(try GGUFHeader.read(file)) }
        return try ModelFacts(headers)
    }

    /// Takes the facts from the header of a GGUF, or from those of all its shards.
    public init(_ shards: [GGUFHeader]) throws(FormatError) {
        let headers = try shards.ordered()
        let first = headers[0]
        let tensors = headers.flatMap(\.tensors)
        let architecture = first.architecture
        func fact(_ key: String) -> Int? {
            architecture.flatMap { first["\($0).\(key)"]?.largest?.plausible }
        }
        let fileType = first["general.file_type"]?.integer
        self.init(
            architecture: architecture,
            parameters: headers.reduce(0) { $0 &+ $1.parameters },
            contextLength: fact("context_length"),
            layers: fact("block_count"),
            heads: fact("attention.head_count"),
            kvHeads: fact("attention.head_count_kv"),
            headSize: fact("attention.key_length"),
            embeddingLength: fact("embedding_length"),
            vocabularySize: fact("vocab_size") ?? first["tokenizer.ggml.tokens"]?.array?.count,
            experts: fact("expert_count"),
            quantization: fileType.flatMap(FileType.label) ?? tensors.prevailingType?.rawValue.lowercased(),
            fileType: fileType,
            tensorTypes: Set(tensors.map(\.type)),
            weightsSize: tensors.map(\.size).total(),
            chatTemplate: first["tokenizer.chat_template"] != nil
        )
    }
}

extension GGUFValue {
    /// The integer, or the largest one of an array that has a value for each layer.
    fileprivate var largest: Int? { integer ?? array?.elements.compactMap(\.integer).max() }
}
