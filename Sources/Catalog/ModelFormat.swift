/// How a model's weights are stored.
public enum ModelFormat: String, Sendable, Hashable, Codable, CaseIterable {
    case gguf, safetensors
}
