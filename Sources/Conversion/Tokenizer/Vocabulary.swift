/// The tokens of a model, each with its number as its place.
struct Vocabulary: Sendable {
    /// The kind of tokenizer, in the words of a GGUF.
    let model: String
    /// How it finds words in a text.
    let preTokenizer: String
    private(set) var tokens = TextList()
    private(set) var scores: [Float] = []
    private(set) var kinds: [Int32] = []

    init(model: String, preTokenizer: String) {
        self.model = model
        self.preTokenizer = preTokenizer
    }

    mutating func append(_ text: some Collection<UInt8>, _ kind: TokenKind, score: Float? = nil) {
        tokens.append(text)
        kinds.append(kind.rawValue)
        if let score { scores.append(score) }
    }

    func add(to keys: inout HeaderKeys) {
        keys.set("tokenizer.ggml.model", text: model)
        keys.set("tokenizer.ggml.pre", text: preTokenizer)
        keys.set("tokenizer.ggml.tokens", texts: tokens)
        keys.set("tokenizer.ggml.scores", reals: scores)
        keys.set("tokenizer.ggml.token_type", integers: kinds)
    }
}

/// Tokens that are put into places, where later ones may take the place of earlier ones.
struct TokenPlaces {
    private var places: [(text: [UInt8], kind: TokenKind, score: Float)]

    init(count: Int) {
        places = (0..<count).map { (Array("[PAD\($0)]".utf8), .unused, -10000) }
    }

    var count: Int { places.count }

    mutating func put(_ text: [UInt8], _ kind: TokenKind, score: Float = -1000, at place: Int) {
        places[place] = (text, kind, score)
    }

    func vocabulary(model: String, preTokenizer: String) -> Vocabulary {
        var vocabulary = Vocabulary(model: model, preTokenizer: preTokenizer)
        for place in places { vocabulary.append(place.text, place.kind, score: place.score) }
        return vocabulary
    }
}
