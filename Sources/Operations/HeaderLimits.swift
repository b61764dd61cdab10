import Catalog
import Formats
import Platform

/// What a model's own files say of what it can take and is capable of; what they do not speak of is left open.
struct HeaderLimits: Sendable {
    var architecture: String?
    var context: Int?
    var capabilities: [Capability: Bool] = [:]

    /// Reads it off headers, and off those of the files beside a GGUF that turn images and sounds into tokens; `nil` if
    /// it is not known which files belong to it.
    init(_ headers: ModelHeaders, projectors: [GGUFHeader]?) {
        let template: InspectedModel.ChatTemplate?
        switch headers {
        case .gguf(let parts):
            let first = parts.min { $0.number < $1.number }?.header
            template = first.flatMap { InspectedModel.ChatTemplate($0) }
            architecture = first?.architecture
            context = first?.contextLength
            if let projectors {
                capabilities[.vision] = projectors.contains(where: \.sees)
                capabilities[.audio] = projectors.contains(where: \.hears)
            }
        case .safetensors(_, let companions):
            template = InspectedModel.ChatTemplate(companions.template, companions.tokenizer { _ in })
            if let config = companions.config { read(config) }
        }
        capabilities[.toolCalling] = template?.mentionsTools
    }

    /// Reads a `config.json`; one that makes no sense says nothing.
    private mutating func read(_ config: [UInt8]) {
        let facts = try? ModelFacts(config: config, tensors: [], chatTemplate: false)
        (architecture, context) = (facts?.architecture, facts?.contextLength)
        let parts = (try? JSON.decode(ConfigurationParts.self, from: config).names) ?? []
        // Not every model keeps these in parts of such names, so that their absence says nothing.
        if !parts.isDisjoint(with: ["vision_config", "visual", "vision_tower", "mm_vision_tower"]) {
            capabilities[.vision] = true
        }
        if parts.contains("audio_config") { capabilities[.audio] = true }
    }
}

extension GGUFHeader {
    /// The longest context that the model was made for.
    fileprivate var contextLength: Int? {
        architecture.flatMap { self["\($0).context_length"]?.integer }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// Whether a projector is one of images; the first ones were of nothing else, and did not say so.
    fileprivate var sees: Bool {
        self["clip.has_vision_encoder"].map { $0 == .bool(true) } ?? (self["clip.has_audio_encoder"] == nil)
    }

    /// Whether a projector is one of sounds.
    fileprivate var hears: Bool { self["clip.has_audio_encoder"] == .bool(true) }
}

/// The names of the parts of a `config.json`; those of a part that answers for all others count too.
private struct ConfigurationParts: Decodable {
    let names: Set<String>

    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let parts = try decoder.container(keyedBy: Name.self)
        var names = Set(try parts.allKeys.filter { try !parts.decodeNil(forKey: $0) }.map(\.stringValue))
        let thinker = Name(stringValue: "thinker_config")
        if parts.contains(thinker) { names.formUnion(try parts.decode(Self.self, forKey: thinker).names) }
        self.names = names
    }
}
