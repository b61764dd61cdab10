import Formats
import Platform
public import SystemPackage

/// Something to know about a conversion, though it can be done.
public enum ConversionNotice: Sendable, Equatable {
    /// The tokenizer is none that is known; it was taken for one with the same steps.
    case similarTokenizer(preTokenizer: String, hash: String?)
}

/// A model in a folder as the Hugging Face hub has it, all but its weights read, and ready to become a GGUF.
public struct HuggingFaceModel: Sendable {
    /// The architecture's name in a GGUF.
    public let architecture: String
    /// The type that `auto` stands for.
    public let usualType: ConversionType
    /// What there is to know about it.
    public let notices: [ConversionNotice]

    let tensors: [ConvertedTensor]
    private let keys: HeaderKeys

    /// Reads a folder and finds out whether and how it can be converted, without reading its weights.
    ///
    /// `name` is what the folder was called where it came from, if that is not its own name; a file says of itself what
    /// can be guessed from it. `card` is the front matter of its `README.md`. `preTokenizer` is the name of the way in
    /// which its tokenizer finds words, where that is not known here.
    public init(
        _ path: FilePath,
        name: String? = nil,
        card: ModelCard = ModelCard(),
        preTokenizer: String? = nil
    ) throws(HuggingFaceError) {
        let folder = HuggingFaceFolder(path: path, name: name)
        let configuration = try Configuration(try folder.requiredJSON("config.json"))
        let family = try Self.family(configuration)
        try Self.refuseOtherKinds(folder, configuration, family)
        let weights = try StoredWeights(folder).tensors
        let files = try TokenizerFiles(folder, configuration: configuration)
        var tokenizer = TokenizerKeys(files, family: family, preTokenizer: preTokenizer)
        var tokenizerKeys = HeaderKeys()
        try tokenizer.add(to: &tokenizerKeys)
        let kept = try Self.keptTokens(files, family)
        let tokens = tokenizerKeys.count(of: "tokenizer.ggml.tokens").map(TensorCheck.Tokens.exactly)
        var check = TensorCheck(
            family,
            configuration,
            tokens: kept.map { .atLeast($0) } ?? tokens ?? .unknown
        )
        try check.run(weights.lazy.map { ($0.name, $0.shape) })
        tensors =
            try TensorArrangement(weights, family: family, configuration: configuration, tokens: kept).tensors
        architecture = family.name
        usualType = .found(in: weights)
        var keys = try Self.keys(folder, configuration, family, card: card, tensors: tensors)
        keys.append(tokenizerKeys)
        self.keys = keys
        notices =
            switch tokenizer.recognition?.origin {
            case .similar(let hash)?:
                [.similarTokenizer(preTokenizer: tokenizer.recognition?.name ?? "", hash: hash)]
            default: []
            }
    }

    /// Refuses a model that cannot be converted whatever its weights are, by its `config.json` and by which tensors it
    /// has, each with its shape.
    public static func check(
        configuration bytes: [UInt8],
        tensors: some Sequence<(name: String, shape: [Int])>
    ) throws(HuggingFaceError) {
        let document: JSONText
        do throws(JSONText.Flaw) { document = try JSONText(bytes) } catch {
            throw .json(reason: error.reason, offset: error.offset, path: "config.json")
        }
        let configuration = try Configuration(document)
        var check = TensorCheck(try family(configuration), configuration, tokens: .unknown)
        try check.run(tensors)
    }

    private static func family(_ configuration: Configuration) throws(HuggingFaceError) -> ModelFamily {
        guard let name = configuration.architecture else { throw .architecture(nil) }
        guard let family = ModelFamily.named(name) else { throw .architecture(name) }
        return family
    }

    /// The keys and values of a GGUF in which the weights are of a type.
    func metadata(_ type: ConversionType) throws(HuggingFaceError) -> [MetadataEntry] {
        var keys = keys
        try keys.set("general.file_type", unsigned: resolved(type).fileType)
        return keys.entries
    }

    /// A type, with what it stands for here.
    func resolved(_ type: ConversionType) -> ConversionType { type == .auto ? usualType : type }

    private static func refuseOtherKinds(
        _ folder: HuggingFaceFolder,
        _ configuration: Configuration,
        _ family: ModelFamily
    ) throws(HuggingFaceError) {
        if let quantization = configuration.value("quantization_config") {
            throw .feature(.quantization(quantization["quant_method"]?.string ?? "an unknown method"))
        }
        if folder.has("hf_quant_config.json") { throw .feature(.quantization("modelopt")) }
        if configuration.value("draft_vocab_size") != nil { throw .feature(.kind("a draft model")) }
        if configuration.value("use_bidirectional_attention")?.isTruthy == true {
            throw .feature(.kind("attention in both directions"))
        }
        guard family.name == "qwen3" else { return }
        let isNamed = folder.name.lowercased().contains("qwen3-reranker")
        let readme = try folder.text("README.md")?.lowercased() ?? ""
        if isNamed || readme.contains("# qwen3-reranker") || readme.contains("# qwen3-vl-reranker") {
            throw .feature(.kind("a ranker"))
        }
    }

    /// How many rows of the embedding are kept, where those without a token are not.
    private static func keptTokens(_ files: TokenizerFiles, _ family: ModelFamily) throws(HuggingFaceError)
        -> Int?
    {
        guard family.name == "gemma3" else { return nil }
        if files.hasSentencePieces { return try files.modelTokens }
        var count = try files.addedTokens().count
        try Vocabulary.bytePairModel(of: files)["vocab"]?.forEachMember { _, _ in count += 1 }
        return count
    }

    private static func keys(
        _ folder: HuggingFaceFolder,
        _ configuration: Configuration,
        _ family: ModelFamily,
        card: ModelCard,
        tensors: [ConvertedTensor]
    ) throws(HuggingFaceError) -> HeaderKeys {
        var size = ParameterCount()
        for tensor in tensors { size.add(tensor.name, shape: tensor.shape) }
        var keys = HeaderKeys()
        keys.set("general.architecture", text: family.name)
        if family.name == "phi3", let factors = try RopeFactors.phi3(configuration) {
            keys.set("phi3.rope.scaling.attn_factor", real: factors.attention)
        }
        keys.set("general.type", text: "model")
        let description = ModelDescription(
            card: card,
            path: configuration.root["_name_or_path"]?.string,
            folder: folder.name,
            generation: generation(folder),
            size: size
        )
        try description.add(to: &keys)
        let parameters = ModelParameters(
            family: family,
            configuration: configuration,
            fileType: 0,
            pooling: try Pooling.number(folder)
        )
        try parameters.add(to: &keys)
        try keys.set("general.quantization_version", unsigned: 2)
        return keys
    }

    /// How the model likes its tokens to be chosen; publishers do not always manage to write that down.
    static func generation(_ folder: HuggingFaceFolder) -> JSONMembers? {
        guard let json = try? folder.json("generation_config.json") else { return nil }
        return json.root.members
    }
}

/// How the states of a text's tokens become the one that stands for it.
enum Pooling {
    /// The number that a GGUF has for it; `nil` if the folder is of no model that does it.
    static func number(_ folder: HuggingFaceFolder) throws(HuggingFaceError) -> Int? {
        guard let modules = try folder.json("modules.json") else { return nil }
        let pooling = modules.root.elements.first { $0["type"]?.string?.hasSuffix("Pooling") == true }
        guard let path = pooling?["path"]?.string else { return nil }
        guard let part = RelativePath(path)?.string else { throw .configuration(key: "modules.json") }
        let settings = try folder.requiredJSON("\(part)/config.json").root.members
        let flags = [
            ("pooling_mode_mean_tokens", 1), ("pooling_mode_cls_token", 2), ("pooling_mode_lasttoken", 3),
        ]
        for (flag, number) in flags where settings[flag]?.isTruthy == true { return number }
        let modes = ["mean": 1, "cls": 2, "lasttoken": 3]
        guard let mode = settings["pooling_mode"]?.string.flatMap({ modes[$0] }) else {
            throw .feature(.kind("this way of pooling"))
        }
        return mode
    }
}
