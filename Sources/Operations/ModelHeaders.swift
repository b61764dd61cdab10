import Formats
import Platform

/// The headers of a model's files with what lies beside them, read and checked but not interpreted.
enum ModelHeaders: Sendable {
    /// A GGUF, or the shards of one.
    case gguf([GGUFPart])
    /// The weights of a folder.
    case safetensors([SafetensorsPart], SafetensorsCompanions)
}

/// A GGUF's header, with the texts of the tokens that the header names by their numbers.
struct GGUFPart: Sendable {
    static let tokenList = "tokenizer.ggml.tokens"
    private static let longestList: Int64 = 64 << 20

    let path: String
    let header: GGUFHeader
    let tokens: [Int: String]

    /// Looks the tokens up; `read` answers some bytes of the file.
    init<Fault: Error>(
        _ path: String,
        _ header: GGUFHeader,
        read: (Range<Int64>) throws(Fault) -> [UInt8]
    ) throws(Fault) {
        (self.path, self.header) = (path, header)
        let wanted = Set(header.specialTokens.map(\.id))
        guard let entry = header.metadata.first(where: { $0.key == Self.tokenList }),
            let kept = entry.value.array?.elements
        else {
            tokens = [:]
            return
        }
        if wanted.allSatisfy(kept.indices.contains) || entry.bytes.count > Self.longestList {
            let known = wanted.filter(kept.indices.contains).map { ($0, kept[$0].text ?? "") }
            tokens = Dictionary(uniqueKeysWithValues: known)
        } else {
            tokens = header.texts(at: wanted, ofArrayIn: try read(entry.bytes))
        }
    }
}

extension GGUFHeader {
    /// The tokens with a meaning of their own: `bos`, `eos`, `padding` and so on, in the order of the file.
    var specialTokens: [(name: String, id: Int)] {
        metadata.compactMap { entry in
            let (start, end) = ("tokenizer.ggml.", "_token_id")
            guard entry.key.hasPrefix(start), entry.key.hasSuffix(end), let id = entry.value.integer, id >= 0
            else { return nil }
            return (String(entry.key.dropFirst(start.count).dropLast(end.count)), id)
        }
    }

    /// How many shards the model has, by this one.
    var shardCount: Int { max(1, self["split.count"]?.integer ?? 1) }
}

/// A safetensors file's header.
struct SafetensorsPart: Sendable {
    let path: RelativePath
    let header: SafetensorsHeader
}

/// The small files beside safetensors weights, as far as there are any.
struct SafetensorsCompanions: Sendable {
    static let configName = "config.json"
    static let tokenizerName = "tokenizer_config.json"
    static let adapterName = "adapter_config.json"
    static let templateName = "chat_template.jinja"
    static let names = [SafetensorsIndex.name, configName, tokenizerName, adapterName, templateName]
    /// Longer ones are not what their names say; an index has a line for each tensor.
    static func longest(_ name: String) -> ByteCount {
        name == SafetensorsIndex.name ? 64_000_000 : 16_000_000
    }

    /// The content by name.
    var contents: [String: [UInt8]] = [:]

    var config: [UInt8]? { contents[Self.configName] }
    var template: String? { contents[Self.templateName].map { String(decoding: $0, as: UTF8.self) } }

    /// Checks the weights against the index, if there is one.
    func check(_ parts: [SafetensorsPart]) throws(FormatError) {
        guard let bytes = contents[SafetensorsIndex.name] else { return }
        try SafetensorsIndex.parse(bytes).check(
            Dictionary(parts.map { ($0.path, $0.header.tensors) }) { first, _ in first }
        )
    }
}
