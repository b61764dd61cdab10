public import Platform

/// What the headers of a LoRA adapter's files tell about it.
public struct AdapterFacts: Sendable, Hashable {
    /// How its files are laid out.
    public enum Form: String, Sendable, Hashable {
        /// A folder with `adapter_config.json` and `adapter_model.safetensors`, as PEFT writes it.
        case peft
        /// One GGUF, as llama.cpp reads it.
        case gguf
    }

    /// The form.
    public var form: Form
    /// The rank of its matrices, the largest one where they differ.
    public var rank: Int
    /// What its strength is divided by the rank of.
    public var alpha: Double?
    /// The architecture of the model that it was made for, which only a GGUF says.
    public var architecture: String?
    /// The name of the model that it was made for.
    public var base: String?
    /// The matrices of the model that it changes.
    public var modules: [AdaptedModule]
    /// What it has beyond two matrices for each of the model's.
    public var features: Set<AdapterFeature>
    /// Whether the model that it was made for keeps its matrices transposed.
    public var isTransposed: Bool
    /// The type of most of its weights.
    public var type: TensorType?
    /// The bytes of all tensors.
    public var size: ByteCount

    /// Describes an adapter.
    public init(
        form: Form,
        rank: Int,
        alpha: Double? = nil,
        architecture: String? = nil,
        base: String? = nil,
        modules: [AdaptedModule],
        features: Set<AdapterFeature> = [],
        isTransposed: Bool = false,
        type: TensorType? = nil,
        size: ByteCount = 0
    ) {
        self.form = form
        self.rank = rank
        self.alpha = alpha
        self.architecture = architecture
        self.base = base
        self.modules = modules
        self.features = features
        self.isTransposed = isTransposed
        self.type = type
        self.size = size
    }
}

/// A matrix of a model that an adapter changes.
public struct AdaptedModule: Sendable, Hashable {
    /// Its name as the adapter has it: `model.layers.0.self_attn.q_proj`, or `blk.0.attn_q` in a GGUF.
    public var name: String
    /// The elements that go in and those that come out; `nil` where many experts share one pair of tensors.
    public var size: MatrixSize?

    /// Describes a matrix.
    public init(name: String, size: MatrixSize?) {
        self.name = name
        self.size = size
    }
}

/// The size of a matrix, by what it does.
public struct MatrixSize: Sendable, Hashable {
    /// The elements that go in.
    public var inputs: Int
    /// The elements that come out.
    public var outputs: Int

    /// States a size.
    public init(inputs: Int, outputs: Int) {
        self.inputs = inputs
        self.outputs = outputs
    }
}

extension MatrixSize: CustomStringConvertible {
    /// For example `4096 × 1024`.
    public var description: String { "\(inputs) × \(outputs)" }
}

/// What an adapter may have beyond two matrices for each of the model's.
public enum AdapterFeature: Sendable, Hashable {
    /// The weights' lengths are learnt apart from their directions.
    case dora
    /// It works only behind some tokens of the prompt.
    case activated
    /// It was learnt together with a quantization.
    case qalora
    /// Its matrices are cut into blocks.
    case blockDiagonal
    /// A router chooses among several such adapters.
    case arrow
    /// It has biases.
    case bias
    /// It brings whole modules of the model.
    case savedModules([String])
    /// It repeats layers of the model.
    case layerReplication
    /// Its learning began from a change of the model's own weights, or in another way that has a name.
    case initialization(String)
}

/// Why files are not the adapter that they should be.
public enum AdapterError: Error, Sendable, Equatable {
    /// A file itself is wrong; its name, where an adapter has several.
    case format(FormatError, file: String? = nil)
    /// It is something else, which a GGUF says of itself: a model, or nothing at all.
    case noAdapter(String?)
    /// It is an adapter of another method than LoRA.
    case otherMethod(String)
    /// The configuration says no rank, or none that can be.
    case noRank
    /// There is no matrix in it.
    case empty
    /// One of the two matrices for a module is missing.
    case unpaired(String)
    /// The matrices for a module do not fit each other.
    case shape(String)
    /// A matrix has a rank that the configuration does not speak of.
    case undeclaredRank(String, Int)
    /// A tensor is none of an adapter's.
    case unexpected(String)
}

extension AdapterError: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .format(let error, _): "\(error)"
        case .noAdapter(let kind?): "it is no adapter but of the type `\(kind)`"
        case .noAdapter(nil): "it is no adapter"
        case .otherMethod(let method): "it is an adapter of the method `\(method)`, not LoRA"
        case .noRank: "its configuration has no possible rank `r`"
        case .empty: "it changes nothing"
        case .unpaired(let name): "one of the two matrices for `\(name)` is missing"
        case .shape(let name): "the matrices for `\(name)` do not fit each other"
        case .undeclaredRank(let name, let rank):
            "the matrices for `\(name)` have rank \(rank), of which the configuration does not speak"
        case .unexpected(let name): "it has a tensor `\(name)`, which is none of an adapter's"
        }
    }
}
