public import Platform

/// What the headers of a model's files say.
public struct InspectedModel: Sendable, Encodable {
    /// `gguf` or `safetensors`.
    public let format: String
    /// The version of the format, where it has versions.
    public let version: Int?
    /// What the files hold: `model`, `adapter`, `mmproj`, `vocabulary`, or what else a GGUF calls itself.
    public let kind: String
    /// Where the files are.
    public let source: Source
    /// The files, in their order.
    public let files: [File]
    /// What the header says in words of its own architecture.
    public let header: Header
    /// How the model reads and writes text.
    public let tokenizer: Tokenizer?
    /// The template for chats.
    public let chatTemplate: ChatTemplate?
    /// What the quantization was guided by.
    public let imatrix: ImportanceMatrix?
    /// What an adapter says of itself.
    public let adapter: Adapter?
    /// The sums over all tensors.
    public let totals: Totals
    /// The keys and values; of shards those of the first.
    public let metadata: InspectedMetadata
    /// The tensors, if they were asked for.
    public let tensors: [Tensor]?
}

extension InspectedModel {
    /// Where the files are.
    public struct Source: Sendable, Encodable {
        /// `local`, `stored`, `hub` or `ollama`.
        public let kind: String
        /// The file or folder on this machine.
        public var path: String?
        /// The stack that stores it.
        public var stack: String?
        /// The name under which it is stored.
        public var model: String?
        /// The address of the hub or the registry.
        public var endpoint: String?
        /// The repository's name, or the registry's.
        public var repository: String?
        /// The commit, or the hash of the registry's manifest.
        public var revision: String?
        /// What was fetched of the files, if they are not on this machine.
        public var readBytes: ByteCount?
        /// The length of the files.
        public let sizeBytes: ByteCount
    }

    /// A file.
    public struct File: Sendable, Encodable {
        /// Its name, or its path in the model's folder.
        public let path: String
        /// Its length.
        public let sizeBytes: ByteCount
        /// Where its data begin.
        public let dataOffset: Int64
        /// The number of its tensors.
        public let tensors: Int
    }

    /// What the header says.
    public struct Header: Sendable, Encodable {
        /// The model's name.
        public var name: String?
        /// For example `llama`.
        public var architecture: String?
        /// The licence.
        public var licence: String?
        /// How the weights are stored, for example `q4_k_m`.
        public var quantization: String?
        /// The number that a GGUF says it by.
        public var fileType: Int?
        /// The longest context it was made for, in tokens.
        public var contextLength: Int?
        /// The number of layers.
        public var layers: Int?
        /// The number of attention heads.
        public var heads: Int?
        /// The number of heads that keep keys and values.
        public var kvHeads: Int?
        /// The length of a head's vectors.
        public var headSize: Int?
        /// The length of a token's vector.
        public var embeddingLength: Int?
        /// The number of tokens it knows.
        public var vocabularySize: Int?
        /// The number of experts of a mixture.
        public var experts: Int?
        /// The order of bytes where it is not the usual one: `big-endian`.
        public var byteOrder: String?
    }

    /// How the model reads and writes text.
    public struct Tokenizer: Sendable, Encodable {
        /// A token with a meaning of its own.
        public struct Token: Sendable, Encodable {
            /// What it stands for: `bos`, `eos`, `padding`.
            public let name: String
            /// Its number.
            public let id: Int?
            /// Its text.
            public let text: String?
        }

        /// The kind: `gpt2`, `llama`.
        public let model: String?
        /// How text is split before that: `qwen2`.
        public let pre: String?
        /// The tokens with a meaning of their own.
        public let specialTokens: [Token]
    }

    /// The template for chats.
    public struct ChatTemplate: Sendable, Encodable {
        /// Its length.
        public let characters: Int
        /// Whether it speaks of tools.
        public let mentionsTools: Bool
        /// The names of further templates.
        public let names: [String]
    }

    /// What the quantization was guided by.
    public struct ImportanceMatrix: Sendable, Encodable {
        /// The file it was read from.
        public let file: String?
        /// What it was made with.
        public let dataset: String?
        /// The number of tensors it knows.
        public let entries: Int?
        /// How much of the dataset it was made with.
        public let chunks: Int?
    }

    /// What an adapter says of itself.
    public struct Adapter: Sendable, Encodable {
        /// For example `lora`.
        public let type: String?
        /// The number of columns between its two factors.
        public let rank: Int?
        /// What it is scaled by, before the rank.
        public let alpha: Double?
        /// The model that it is for.
        public let base: String?
    }

    /// The sums over all tensors.
    public struct Totals: Sendable, Encodable {
        /// The sums over the tensors of a type.
        public struct OfType: Sendable, Encodable {
            /// The type.
            public let type: String
            /// The number of tensors.
            public let tensors: Int
            /// The number of their elements.
            public let parameters: Int
            /// The bytes of their data.
            public let sizeBytes: ByteCount
        }

        /// The number of tensors.
        public let tensors: Int
        /// The number of weights.
        public let parameters: Int
        /// The bytes of their data.
        public let sizeBytes: ByteCount
        /// What a weight takes on average; nothing without weights.
        public let bitsPerWeight: Double?
        /// The types, the one with the most data first.
        public let types: [OfType]
    }

    /// A tensor.
    public struct Tensor: Sendable, Encodable {
        /// Its name.
        public let name: String
        /// How its elements are stored, as its format calls that: `q4_K`, `BF16`.
        public let type: String
        /// Its dimensions in the order of the file.
        public let shape: [Int]
        /// Where its data begin in its file.
        public let offset: Int64
        /// The length of its data.
        public let sizeBytes: ByteCount
        /// Its file, if there are several.
        public let file: String?
    }
}
