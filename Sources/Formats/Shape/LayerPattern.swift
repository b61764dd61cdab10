/// Which layers of an architecture keep what, beyond what the header says of each.
///
/// The patterns are those that llama.cpp has in its code for the architectures of its GGUFs (`src/models`); a file may
/// name another one by `attention.sliding_window_pattern`.
enum LayerPattern {
    /// All layers keep all tokens.
    case full
    /// Of `period` layers, one keeps all tokens, the last or the first; the others keep a window of the last ones.
    case sliding(period: Int, fullFirst: Bool, window: Int?)
    /// The same, with a window that does not depend on the file, unless that says that there is none.
    case slidingByNumber(period: Int, fullFirst: Bool, window: Int)
    /// The file says of each layer whether it slides.
    case slidingAsSaid
    /// All that attend keep a window only; the others are recurrent.
    case slidingBesideRecurrent
    /// Layers without heads of keys are recurrent.
    case recurrentWithoutHeads
    /// The last of each interval attends, the others are recurrent.
    case recurrentInterval
    /// Every layer attends and is recurrent.
    case attentiveAndRecurrent
    /// No layer attends.
    case recurrent
    /// Keeps nothing: it reads a text at once.
    case keepsNothing

    /// The pattern of an architecture; `nil` if its layers keep something that is not known here.
    init?(_ architecture: String, layers: Int, hasWindow: Bool) {
        switch architecture {
        case "gemma2": self = .sliding(period: 2, fullFirst: false, window: 4096)
        case "gemma3": self = .sliding(period: 6, fullFirst: false, window: nil)
        case "gemma3n": self = .sliding(period: 5, fullFirst: false, window: nil)
        case "gpt-oss": self = .sliding(period: 2, fullFirst: false, window: nil)
        case "cohere2", "olmo2", "afmoe", "mellum", "muse-glimmer":
            self = .sliding(period: 4, fullFirst: false, window: nil)
        case "exaone-moe": self = .sliding(period: 4, fullFirst: false, window: 128)
        case "exaone4": self = layers == 64 ? .sliding(period: 4, fullFirst: false, window: 4096) : .full
        case "llama4": self = .slidingByNumber(period: 4, fullFirst: false, window: 8192)
        case "plamo3": self = .sliding(period: 8, fullFirst: false, window: nil)
        case "cohere2moe", "laguna": self = .sliding(period: 4, fullFirst: true, window: nil)
        case "smallthinker":
            self = hasWindow ? .slidingByNumber(period: 4, fullFirst: true, window: 4096) : .full
        case "gemma4", "granite_swa", "maple", "mimo2", "step35", "spark2_5": self = .slidingAsSaid
        case "lfm2", "lfm2moe": self = .slidingBesideRecurrent
        case "jamba", "granitehybrid", "plamo2", "nemotron_h", "nemotron_h_moe", "kimi-linear":
            self = .recurrentWithoutHeads
        case "qwen3next", "qwen35", "qwen35moe": self = .recurrentInterval
        case "falcon-h1": self = .attentiveAndRecurrent
        case "mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7": self = .recurrent
        case let name where Self.keepingNothing.contains(name): self = .keepsNothing
        case let name where Self.attentive.contains(name): self = .full
        default: return nil
        }
    }

    private static let keepingNothing: Set<String> = [
        "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3",
        "eurobert", "gemma-embedding", "dream", "llada", "llada-moe", "rnd1", "wavtokenizer-dec",
    ]

    private static let attentive: Set<String> = [
        "llama", "deci", "falcon", "grok", "gpt2", "gptj", "gptneox", "mpt", "baichuan", "starcoder",
        "refact",
        "bloom", "stablelm", "qwen", "qwen2", "qwen2moe", "qwen2vl", "qwen3", "qwen3moe", "qwen3vl",
        "qwen3vlmoe",
        "phi2", "phi3", "phimoe", "plamo", "codeshell", "orion", "internlm2", "minicpm", "minicpm3", "gemma",
        "starcoder2", "xverse", "command-r", "dbrx", "olmo", "olmoe", "openelm", "arctic", "deepseek",
        "deepseek2",
        "chatglm", "glm4", "glm4moe", "bitnet", "jais", "nemotron", "exaone", "granite", "granitemoe",
        "chameleon",
        "plm", "bailingmoe", "bailingmoe2", "dots1", "arcee", "ernie4_5", "ernie4_5-moe", "hunyuan-moe",
        "hunyuan-dense", "hunyuan_vl", "smollm3", "seed_oss", "grovemoe", "apertus", "minimax-m2", "cogvlm",
        "pangu-embedded", "mistral3", "mistral4", "paddleocr", "llama-embed", "maincoder",
    ]
}
