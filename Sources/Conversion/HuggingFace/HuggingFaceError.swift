public import Formats
public import Platform
public import SystemPackage

/// Why a folder of the Hugging Face hub cannot be converted; known before anything is written.
public enum HuggingFaceError: ConversionLimit, Sendable, Equatable {
    /// The kernel refused something.
    case system(SystemError)
    /// A file is not what it should be.
    case format(FormatError, path: FilePath)
    /// A file that should be JSON is none.
    case json(reason: String, offset: Int, path: FilePath)
    /// A file without which it cannot be done is not there.
    case missing(String)
    /// No converter for such models is known here.
    case architecture(String?)
    /// The model has something that cannot be converted here.
    case feature(Feature)
    /// A value of the configuration is missing or makes no sense.
    case configuration(key: String)
    /// A tensor has a name that means nothing for its architecture.
    case unknownTensor(String)
    /// Two tensors would get the same name.
    case duplicateTensor(String)
    /// A tensor has a shape that does not fit the configuration.
    case shape(tensor: String)
    /// Not all experts of a layer are there.
    case experts(layer: Int)
    /// Tensors are missing, or have other shapes than the configuration says.
    case tensors(TensorFlaws)
    /// A tensor is of a layer that the model has not, by its configuration.
    case layer(Int, tensor: String, layers: Int)
    /// The tokenizer is not what it should be.
    case tokenizer(TokenizerFlaw)

    /// What cannot be converted here.
    public enum Feature: Sendable, Equatable {
        /// The weights are quantized, by the method named.
        case quantization(String)
        /// A tensor is stored in a type that is no float of 16 or 32 bits.
        case tensorType(tensor: String, type: TensorType)
        /// A kind of model that needs a converter of its own, such as a ranker.
        case kind(String)
        /// A way of stretching the context.
        case ropeScaling(String)
        /// A kind of tokenizer.
        case tokenizer(String)
        /// How the tokenizer cuts a text into words is not known; a name for it may be given.
        case preTokenizer(hash: String?)
        /// An adapter that is no plain LoRA, or changes more than weights.
        case adapter(String)
    }

    /// What is wrong with a tokenizer.
    public enum TokenizerFlaw: Sendable, Equatable {
        /// Something in a file of it is not as it should be.
        case malformed(String)
        /// A token's number is not below the number of tokens.
        case number(Int, limit: Int)
        /// A number that no token can have.
        case specialToken(String, Int)
    }
}

extension HuggingFaceError {
    /// Whether the model has something that is not known here.
    public var isOnlyUnknownHere: Bool {
        switch self {
        case .architecture(let name): name != nil
        case .feature, .unknownTensor: true
        default: false
        }
    }
}

extension HuggingFaceError: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .system(let error): error.description
        case .format(let error, let path): "\(path): \(error)"
        case .json(let reason, let offset, let path):
            "\(path): the JSON is malformed: \(reason) (at byte \(offset))"
        case .missing(let name): "`\(name)` is missing"
        case .architecture(let name?): "the architecture \(name) is not supported"
        case .architecture(nil): "the configuration names no architecture"
        case .feature(let feature): feature.description
        case .configuration(let key): "`\(key)` of the configuration is missing or makes no sense"
        case .unknownTensor(let name): "tensor `\(name)` has no place in this architecture"
        case .duplicateTensor(let name): "tensor `\(name)` would be there twice"
        case .shape(let tensor): "the shape of tensor `\(tensor)` does not fit the configuration"
        case .experts(let layer): "experts of layer \(layer) are missing"
        case .tensors(let flaws): flaws.description
        case .layer(let layer, let tensor, let layers):
            "tensor `\(tensor)` is of layer \(layer), and `num_hidden_layers` is \(layers)"
        case .tokenizer(let flaw): flaw.description
        }
    }
}

extension HuggingFaceError.Feature: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .quantization(let method): "weights quantized by \(method) are not supported"
        case .tensorType(let tensor, let type):
            "tensor `\(tensor)` has the type \(type.rawValue), which is not supported"
        case .kind(let kind): "\(kind) is not supported"
        case .ropeScaling(let type): "the scaling \(type) of positions is not supported"
        case .tokenizer(let kind): "the tokenizer \(kind) is not supported"
        case .preTokenizer(let hash?): "how the tokenizer finds words is not known (\(hash))"
        case .preTokenizer(nil): "how the tokenizer finds words is not known"
        case .adapter(let what): "an adapter with \(what) is not supported"
        }
    }
}

extension HuggingFaceError.TokenizerFlaw: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .malformed(let what): "\(what) of the tokenizer is not as it should be"
        case .number(let number, let limit): "there is a token \(number) and there should be \(limit) tokens"
        case .specialToken(let kind, let number): "\(number) is no possible number of the token \(kind)"
        }
    }
}
