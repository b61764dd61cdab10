import FoundationEssentials
import Platform
import SystemPackage

/// What is wanted of a JSON object whose other keys differ from model to model.
///
/// Only these keys are looked at: a decoder takes its time over a value that is nested some hundred times.
struct JSONPart: Decodable {
    private var numbers: [String: Int] = [:]
    private var texts: [String: String] = [:]
    private var flags: [String: Bool] = [:]
    private var parts: [String: JSONPart] = [:]
    /// What each layer is, where the object says so.
    private(set) var layerTypes: [String]?

    private static let numberKeys = [
        "max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "num_hidden_layers", "n_layer",
        "num_layers", "n_layers", "num_attention_heads", "n_head", "n_heads", "num_heads",
        "num_key_value_heads",
        "num_kv_heads", "multi_query_group_num", "head_dim", "hidden_size", "n_embd", "d_model", "vocab_size",
        "padded_vocab_size", "num_local_experts", "num_experts", "n_routed_experts", "bits", "w_bit",
        "num_bits",
        "total_size",
        "intermediate_size", "moe_intermediate_size", "shared_expert_intermediate_size",
        "num_experts_per_tok",
        "sliding_window", "sliding_window_pattern", "attention_chunk_size", "full_attention_interval",
        "kv_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim", "linear_conv_kernel_dim",
        "linear_num_key_heads", "linear_num_value_heads", "linear_key_head_dim", "linear_value_head_dim",
        "num_kv_shared_layers", "state_size", "mamba_d_state", "ssm_state_size", "d_state",
    ]
    private static let flagKeys = ["use_sliding_window", "tie_word_embeddings"]
    private static let textKeys = ["model_type", "quant_method", "quant_algo", "type"]
    private static let partKeys = [
        "text_config", "llm_config", "language_config", "quantization_config", "config_groups", "group_0",
        "weights",
        "input_activations",
    ]
    /// `quantization_config` / `config_groups` / `group_0` / `weights` below a `text_config`.
    private static let deepest = 5

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        for name in Self.numberKeys { numbers[name] = container.integer(AnyKey(stringValue: name)) }
        for name in Self.flagKeys {
            flags[name] = try? container.decodeIfPresent(Bool.self, forKey: AnyKey(stringValue: name))
        }
        layerTypes = try? container.decodeIfPresent([String].self, forKey: AnyKey(stringValue: "layer_types"))
        for name in Self.textKeys {
            texts[name] = try? container.decodeIfPresent(String.self, forKey: AnyKey(stringValue: name))
        }
        let architectures = try? container.decodeIfPresent(
            [String].self,
            forKey: AnyKey(stringValue: "architectures")
        )
        texts["architectures"] = architectures?.first
        guard decoder.codingPath.count < Self.deepest else { return }
        for name in Self.partKeys {
            parts[name] = try? container.decodeIfPresent(JSONPart.self, forKey: AnyKey(stringValue: name))
        }
    }

    subscript(_ key: String) -> JSONPart? { parts[key] }

    func integer(_ key: String) -> Int? { numbers[key] }

    func text(_ key: String) -> String? { texts[key] }

    func flag(_ key: String) -> Bool? { flags[key] }
}

/// Any key of an object.
struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension KeyedDecodingContainer {
    /// An integer, also one written as `3.0`.
    fileprivate func integer(_ key: Key) -> Int? {
        guard contains(key) else { return nil }
        return (try? decode(Int.self, forKey: key))
            ?? (try? decode(Double.self, forKey: key)).flatMap { Int(exactly: $0) }
    }
}

extension FormatError {
    /// Decodes a JSON document; `lenient` accepts `Infinity` and `NaN`, which Python writes into
    /// configurations.
    static func decoding<Value: Decodable>(
        _ type: Value.Type,
        from bytes: [UInt8],
        lenient: Bool = false,
        at offset: Int64 = 0
    ) throws(FormatError) -> Value {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = lenient
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw .invalid(.json(error.place), offset: offset)
        } catch {
            throw .invalid(.json("unreadable"), offset: offset)
        }
    }

    /// Decodes a small JSON file of a model's folder; `nil` if it is not there.
    static func decoding<Value: Decodable>(
        _ type: Value.Type,
        at path: FilePath,
        limit: ByteCount = 64_000_000
    ) throws(FormatError) -> Value? {
        let bytes: [UInt8]
        do throws(SystemError) {
            guard FileSystem.exists(path) else { return nil }
            bytes = try FileSystem.read(path, limit: limit)
        } catch {
            throw .system(error)
        }
        return try decoding(type, from: bytes, lenient: true)
    }
}

extension DecodingError {
    /// Which part of the document is not as expected.
    fileprivate var place: String {
        let context: Context? =
            switch self {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: nil
            }
        let path = context?.codingPath.map(\.stringValue).joined(separator: "/") ?? ""
        return path.isEmpty ? "unreadable" : "`\(path.prefix(200))` is not as expected"
    }
}
