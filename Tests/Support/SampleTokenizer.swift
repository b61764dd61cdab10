import Formats
import Platform

/// A byte-level vocabulary of 320 tokens in the shape of Llama 3's: bytes, merges, five special tokens.
enum SampleTokenizer {
    static let merges = """
        Ġ t,Ġ a,h e,i n,r e,o n,Ġt he,e r,Ġ s,a t,Ġ w,Ġ o,e n,Ġ c,i t,i s,a n,o r,e s,Ġ b,e d,Ġ f,in g,Ġ p,\
        o u,Ġa n,a l,a r,Ġt o,Ġ m,Ġo f,Ġ in,Ġ d,Ġ h,Ġan d,i c,a s,l e,Ġt h,i on,o m,l l,en t,Ġ n,Ġ l,\
        s t,Ġ re,v e,Ġ e,r o,l y,\
        Ġb e,Ġ g,Ġ T,c t,Ġ S,i d,o t,Ġ I
        """.split(separator: ",").map(String.init)

    static let special = [
        "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    ]

    static let plain = bytes + merges.map { $0.split(separator: " ").joined() }
    static let tokens = plain + special
    static let beginning = plain.count
    static let end = plain.count + 4

    /// The template of Llama 3's chats.
    static let template = """
        {{ bos_token }}{% for message in messages %}\
        {{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' \
        + message['content'] | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}\
        {{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}
        """

    /// A printable character for each byte: its own where it has one, else one beyond the first 256.
    private static let bytes: [String] = {
        let own = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF].flatMap(Array.init)
        let other = (0x100..<0x100 + 256 - own.count)
        return (own + other).compactMap { Unicode.Scalar($0).map(String.init) }
    }()

    /// The tokenizer's part of a GGUF's header.
    static func describe(in file: inout GGUFFile) {
        file["tokenizer.ggml.model"] = .string("gpt2")
        file["tokenizer.ggml.pre"] = .string("llama-bpe")
        file["tokenizer.ggml.tokens"] = .array(of: .string, tokens.map(GGUFValue.string))
        let types = plain.map { _ in GGUFValue.int32(1) } + special.map { _ in .int32(3) }
        file["tokenizer.ggml.token_type"] = .array(of: .int32, types)
        file["tokenizer.ggml.merges"] = .array(of: .string, merges.map(GGUFValue.string))
        file["tokenizer.ggml.bos_token_id"] = .uint32(UInt32(beginning))
        file["tokenizer.ggml.eos_token_id"] = .uint32(UInt32(end))
        file["tokenizer.ggml.add_bos_token"] = .bool(true)
        file["tokenizer.ggml.add_eos_token"] = .bool(false)
        file["tokenizer.chat_template"] = .string(template)
    }

    /// The text of `tokenizer.json`.
    static func json() throws -> [UInt8] {
        let vocabulary = Dictionary(uniqueKeysWithValues: plain.enumerated().map { ($0.element, $0.offset) })
        let added = special.enumerated().map { Added(id: plain.count + $0.offset, content: $0.element) }
        let pattern =
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"#
            + #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        let pairs = merges.map { $0.split(separator: " ").map(String.init) }
        let begin = #"{"SpecialToken":{"id":"\#(special[0])","type_id":0}}"#
        let first = #"{"Sequence":{"id":"A","type_id":0}}"#
        let second = #"{"Sequence":{"id":"B","type_id":1}}"#
        let byteLevel = #""type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true"#
        return Array(
            #"""
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":\#(try text(added)),
            "normalizer":null,
            "pre_tokenizer":{"type":"Sequence","pretokenizers":[
            {"type":"Split","pattern":{"Regex":\#(try text(pattern))},"behavior":"Isolated","invert":false},
            {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},
            "post_processor":{"type":"Sequence","processors":[{\#(byteLevel)},{"type":"TemplateProcessing",
            "single":[\#(begin),\#(first)],"pair":[\#(begin),\#(first),\#(second)],
            "special_tokens":{"\#(special[0])":{"id":"\#(special[0])",
            "ids":[\#(beginning)],"tokens":["\#(special[0])"]}}}]},
            "decoder":{\#(byteLevel)},
            "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,
            "end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"ignore_merges":true,
            "vocab":\#(try text(vocabulary)),"merges":\#(try text(pairs))}}

            """#.utf8
        )
    }

    /// The text of `tokenizer_config.json`.
    static func configuration(contextLength: Int) throws -> [UInt8] {
        let added = special.enumerated().map {
            ("\(plain.count + $0.offset)", Added(id: nil, content: $0.element))
        }
        return try JSON.encode(
            Configuration(
                added_tokens_decoder: Dictionary(uniqueKeysWithValues: added),
                bos_token: special[0],
                chat_template: template,
                eos_token: special[4],
                model_max_length: contextLength
            )
        )
    }

    private static func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSON.encodeLine(value), as: UTF8.self)
    }
}

private struct Added: Encodable {
    let id: Int?
    let content: String
    var single_word = false
    var lstrip = false
    var rstrip = false
    var normalized = false
    var special = true
}

private struct Configuration: Encodable {
    let added_tokens_decoder: [String: Added]
    let bos_token: String
    let chat_template: String
    let eos_token: String
    let model_max_length: Int
    var clean_up_tokenization_spaces = true
    var model_input_names = ["input_ids", "attention_mask"]
    var tokenizer_class = "PreTrainedTokenizerFast"
}
