public import Catalog

/// The model that answers for a profile, and where a client finds it.
public struct RoutedModel: Sendable, Encodable {
    /// What there is of it.
    public enum State: String, Sendable, Encodable {
        /// Its stack serves it at this moment.
        case serving
        /// It is stored, and its stack can be told to serve it.
        case stored
        /// The catalog has it.
        case available
    }

    /// A model that was passed over.
    public struct PassedOver: Sendable, Encodable {
        /// Its name.
        public let model: String
        /// The stack that stores it, or that would serve it.
        public let stack: String
        /// Why it does not answer, in a sentence.
        public let reason: String
    }

    /// The profile that was asked.
    public let profile: String
    /// What a client sends as the model's name; mistral.rs calls a model by its path.
    public let model: String
    /// The stack.
    public let stack: String
    /// The address that a client of OpenAI's kind is given; none of a model that is not stored.
    public let baseURL: String?
    /// Why it was chosen, in a sentence.
    public let reason: String
    /// The others, the best first, each with its reason.
    public let passedOver: [PassedOver]
    /// The profiles that were asked one after the other; the model was chosen for the last of them.
    public let path: [String]
    /// The model's name among those that are stored, or in the catalog.
    public let name: String
    /// `gguf` or `safetensors`.
    public let format: String
    /// Its quantization, or the type of the weights.
    public let quant: String
    /// What there is of it.
    public let state: State
    /// The tokens of its window.
    public let contextLength: Int
    /// What it is capable of.
    public let capabilities: [Capability]
    /// What to type before it answers; nothing if it is served.
    public let command: String?
}
