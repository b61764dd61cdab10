/// How a model's weights are stored.
public enum ModelFormat: String, Sendable, Hashable, Codable, CaseIterable {
    case gguf, safetensors
    /// What mistral.rs makes of safetensors: weights that are quantized already, with the rest of the folder beside them.
    case uqff

    /// Those in which models are looked for elsewhere; a `uqff` is made here.
    public static let published: [ModelFormat] = [.gguf, .safetensors]
}
