/// An engine that serves models.
public enum EngineName: String, Sendable, Hashable, Codable, CaseIterable {
    case mistralrs, llamacpp, vllm

    /// The format that the engine serves best.
    public var preferredFormat: ModelFormat { self == .vllm ? .safetensors : .gguf }
    /// The port that the engine listens on unless told otherwise.
    public var defaultPort: Int {
        switch self {
        case .mistralrs: 1234
        case .llamacpp: 8080
        case .vllm: 8000
        }
    }
}
