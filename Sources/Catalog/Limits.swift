/// What a model can take and what it is capable of, as far as its name tells.
public struct Limits: Sendable {
    /// The names that it is said of.
    public let pattern: NamePattern
    /// The architecture, in the words of the catalog.
    public let family: String?
    /// The window: the tokens of question and answer together.
    public let context: Int
    /// The most tokens of an answer, where the model's publisher states that.
    public let output: Int?
    /// What it is capable of.
    public let capabilities: Set<Capability>
    /// The profiles of tasks that it suits, for example `code`.
    public let profiles: [String]
    /// Where it was declared.
    public let origin: DeclarationOrigin
}

/// What a model may be capable of beyond turning text into text.
public enum Capability: String, Sendable, Hashable, Codable, CaseIterable {
    /// Its answer can be had word by word.
    case streaming
    /// It calls tools that a client describes to it.
    case toolCalling
    /// It reads images.
    case vision
    /// It listens.
    case audio
    /// It thinks before it answers.
    case reasoning
    /// It fills what is missing in the middle of a text.
    case fim
    /// It turns texts into vectors, and does not answer.
    case embedding
}
