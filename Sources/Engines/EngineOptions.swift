import Catalog

/// What an engine calls the options that decide the tokens a request may have.
struct ContextOptions {
    let context: [String]
    /// Of an engine whose requests share the tokens: how many there are.
    var requests: [String] = []
    /// What makes a window longer than the model was made for.
    var stretching: [String] = []

    init(_ engine: EngineName) {
        switch engine {
        case .llamacpp:
            context = ["--ctx-size", "-c"]
            requests = ["--parallel", "-np"]
            stretching = [
                "--rope-scaling", "--rope-scale", "--rope-freq-base", "--rope-freq-scale", "--yarn-orig-ctx",
                "--override-kv",
            ]
        case .mistralrs:
            context = ["--pa-context-len"]
            requests = ["--max-seqs"]
        case .vllm:
            context = ["--max-model-len"]
            stretching = ["--hf-overrides"]
        }
    }

    /// Whether arguments make the window longer; vLLM takes parts of a structure too, as `--hf-overrides.rope_theta`.
    func isStretched(by arguments: [String]) -> Bool {
        arguments.contains { word in
            stretching.contains(String(EngineFlags.spelling(of: word).prefix { $0 != "." }))
        }
    }

    /// A number of tokens as vLLM reads it too: `32k` is 32000, `32K` is 32768.
    static func tokens(_ text: Substring) -> Int {
        let factors: [Character: Int] = ["k": 1000, "K": 1 << 10, "m": 1_000_000, "M": 1 << 20]
        guard let last = text.last, let factor = factors[last], let number = Double(text.dropLast()) else {
            return Int(text) ?? 0
        }
        return Int(exactly: (number * Double(factor)).rounded()) ?? 0
    }
}

extension [String] {
    /// The value that arguments give an option of several names; the last one counts.
    func value(ofOption names: [String]) -> Substring? {
        var value: Substring?
        for (index, word) in enumerated() {
            let parts = word.split(separator: "=", maxSplits: 1)
            // The engines take `_` for `-` in the names of options.
            guard let name = parts.first?.map({ $0 == "_" ? "-" : $0 }), names.contains(String(name)) else {
                continue
            }
            value = parts.count > 1 ? parts[1] : dropFirst(index + 1).first?[...]
        }
        return value
    }
}
