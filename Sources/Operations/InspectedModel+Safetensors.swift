import Formats
import Platform

/// What a `tokenizer_config.json` says that matters here.
struct TokenizerFacts {
    let kind: String?
    let tokens: [InspectedModel.Tokenizer.Token]
    let template: String?
    /// The names of further templates.
    let names: [String]
}

extension SafetensorsCompanions {
    /// Reads how text is read and written; what is malformed is said, and left out.
    func tokenizer(_ report: Reporter) -> TokenizerFacts? {
        guard let bytes = contents[Self.tokenizerName] else { return nil }
        do {
            return TokenizerFacts(try JSON.decode(TokenizerConfiguration.self, from: bytes))
        } catch {
            report(.warning("`\(Self.tokenizerName)` is not as expected, and is left out"))
            return nil
        }
    }

    /// What an adapter says of itself, where the tensors are those of one.
    func adapter(_ tensors: [TensorDescription]) throws(Failure) -> InspectedModel.Adapter? {
        guard let factor = tensors.first(where: { $0.name.contains(".lora_A.") }) else { return nil }
        var configuration: AdapterConfiguration?
        if let bytes = contents[Self.adapterName] {
            do { configuration = try JSON.decode(AdapterConfiguration.self, from: bytes) } catch {
                throw Failure(.invalid, "`\(Self.adapterName)` is not as expected", cause: error)
            }
        }
        return InspectedModel.Adapter(
            type: configuration?.peft_type?.lowercased() ?? "lora",
            rank: configuration?.r ?? factor.shape.first,
            alpha: configuration?.lora_alpha,
            base: configuration?.base_model_name_or_path
        )
    }
}

private struct AdapterConfiguration: Decodable {
    let peft_type: String?
    let r: Int?
    let lora_alpha: Double?
    let base_model_name_or_path: String?
}

private struct TokenizerConfiguration: Decodable {
    /// A token, written as its text or with its properties.
    struct Token: Decodable {
        let content: String

        private struct Properties: Decodable { let content: String }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                content = text
            } else {
                content = try container.decode(Properties.self).content
            }
        }
    }

    /// One template, or several with names.
    enum Template: Decodable {
        case one(String)
        case several([Named])

        struct Named: Decodable {
            let name: String
            let template: String
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .one(text)
            } else {
                self = .several(try container.decode([Named].self))
            }
        }
    }

    let tokenizer_class: String?
    let bos_token: Token?
    let eos_token: Token?
    let unk_token: Token?
    let pad_token: Token?
    let added_tokens_decoder: [String: Token]?
    let chat_template: Template?
}

extension TokenizerFacts {
    fileprivate init(_ configuration: TokenizerConfiguration) {
        let numbers = Dictionary(
            (configuration.added_tokens_decoder ?? [:]).compactMap { number, token in
                Int(number).map { (token.content, $0) }
            }
        ) { first, second in min(first, second) }
        let named: KeyValuePairs = [
            "bos": configuration.bos_token, "eos": configuration.eos_token,
            "unknown": configuration.unk_token, "padding": configuration.pad_token,
        ]
        kind = configuration.tokenizer_class
        tokens = named.compactMap { name, token in
            token.map { .init(name: name, id: numbers[$0.content], text: $0.content) }
        }
        switch configuration.chat_template {
        case .one(let text): (template, names) = (text, [])
        case .several(let templates):
            let usual = templates.first { $0.name == "default" } ?? templates.first
            (template, names) = (usual?.template, templates.map(\.name).filter { $0 != usual?.name })
        case nil: (template, names) = (nil, [])
        }
    }
}

extension InspectedModel.ChatTemplate {
    /// The template of a file of its own, else the one in the tokenizer's configuration.
    init?(_ file: String?, _ tokenizer: TokenizerFacts?) {
        guard let text = file ?? tokenizer?.template else { return nil }
        self.init(
            characters: text.unicodeScalars.count,
            mentionsTools: text.mentionsTools,
            names: tokenizer?.names ?? []
        )
    }
}
