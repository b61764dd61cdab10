/// What the converter must know of the models of an architecture.
///
/// Another architecture that is like one of these needs an entry in `all`, its tensors in `TensorNames`, and in
/// `defaults` what its configuration leaves out.
struct ModelFamily: Sendable {
    /// Which keys describe the model, and in which order.
    enum Description: Sendable { case common, phi3, gemma }

    /// What else is said of a model with the common description.
    enum Addition: Sendable { case llama, pooling, experts, gemma3 }

    /// Which files a vocabulary is taken from.
    enum Tokenizer: Sendable {
        /// `tokenizer.model`, else `tokenizer.json` in either of two ways.
        case llama
        /// `tokenizer.model`, else `tokenizer.json`.
        case either
        /// `tokenizer.json`.
        case bytePairs
        /// `tokenizer.model`, with more said by `tokenizer.json`; that alone for some.
        case phi3
        /// `tokenizer.model`; with the tokens that gemma has for what is missing in the middle.
        case gemma
        /// `tokenizer.model`.
        case gemma2
        /// `tokenizer.model`, else `tokenizer.json`.
        case gemma3
    }

    /// The architectures' names in a configuration.
    let architectures: [String]
    /// The architecture's name in a GGUF.
    let name: String
    var description = Description.common
    var addition: Addition?
    let tokenizer: Tokenizer
    /// What the tensors are called.
    let names: TensorNames
    /// Whether queries and keys are stored with the halves of each head one behind the other, and wanted interleaved.
    var interleavesHeads = false
    /// Whether one is missing in the weights of the norms.
    var shiftsNorms = false
    /// Tensors that are not taken.
    var skipped: Set<String> = []
    /// How the parts of experts are called, in the order in which they are written.
    var expertParts: [String] = []
    /// What comes before the number of an expert in a name.
    var expertPrefix = ""

    /// Whether a tensor belongs to one of several experts, by its name.
    func isOfExpert(_ name: String) -> Bool { !expertPrefix.isEmpty && name.contains("\(expertPrefix).") }

    /// The family of an architecture; `nil` if it is not known here.
    static func named(_ architecture: String) -> ModelFamily? {
        all.first { $0.architectures.contains(architecture) }
    }

    /// The family of an architecture as a GGUF has it.
    static func inGGUF(_ name: String) -> ModelFamily? { all.first { $0.name == name } }

    static let all = [
        ModelFamily(
            architectures: [
                "LlamaForCausalLM", "LLaMAForCausalLM", "MistralForCausalLM", "MixtralForCausalLM",
            ],
            name: "llama",
            addition: .llama,
            tokenizer: .llama,
            names: .llama,
            interleavesHeads: true,
            expertParts: ["w1", "w2", "w3"],
            expertPrefix: "block_sparse_moe.experts"
        ),
        ModelFamily(
            architectures: ["Qwen2ForCausalLM"],
            name: "qwen2",
            addition: .pooling,
            tokenizer: .either,
            names: .qwen2
        ),
        ModelFamily(
            architectures: ["Qwen3ForCausalLM"],
            name: "qwen3",
            addition: .pooling,
            tokenizer: .either,
            names: .qwen3
        ),
        ModelFamily(
            architectures: ["Qwen2MoeForCausalLM"],
            name: "qwen2moe",
            addition: .experts,
            tokenizer: .bytePairs,
            names: .qwen2moe,
            expertParts: ["down_proj", "gate_proj", "up_proj"],
            expertPrefix: "mlp.experts"
        ),
        ModelFamily(
            architectures: ["Qwen3MoeForCausalLM"],
            name: "qwen3moe",
            addition: .experts,
            tokenizer: .bytePairs,
            names: .qwen3moe,
            expertParts: ["down_proj", "gate_proj", "up_proj"],
            expertPrefix: "mlp.experts"
        ),
        ModelFamily(
            architectures: ["Phi3ForCausalLM"],
            name: "phi3",
            description: .phi3,
            tokenizer: .phi3,
            names: .phi3
        ),
        ModelFamily(
            architectures: ["GemmaForCausalLM"],
            name: "gemma",
            description: .gemma,
            tokenizer: .gemma,
            names: .gemma,
            shiftsNorms: true,
            skipped: ["lm_head.weight"]
        ),
        ModelFamily(
            architectures: ["Gemma2ForCausalLM"],
            name: "gemma2",
            description: .gemma,
            tokenizer: .gemma2,
            names: .gemma2,
            shiftsNorms: true,
            skipped: ["lm_head.weight"]
        ),
        ModelFamily(
            architectures: ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"],
            name: "gemma3",
            addition: .gemma3,
            tokenizer: .gemma3,
            names: .gemma3,
            shiftsNorms: true
        ),
    ]
}
