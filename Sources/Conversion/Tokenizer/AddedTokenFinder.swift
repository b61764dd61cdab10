/// Finds tokens in a text that were added to a vocabulary.
struct AddedTokenFinder {
    private let tokens: [AddedToken]

    init(_ tokens: [AddedToken]) { self.tokens = tokens.filter { !$0.text.isEmpty } }

    /// The text in parts, each a token or something between them.
    func parts(of text: String) -> [(token: Int?, text: String)] {
        // Tokens that are looked for in the text as it was written come first.
        let exact = Self.parts(of: text, tokens.filter { !$0.isNormalized })
        let others = tokens.filter(\.isNormalized)
        return exact.flatMap { $0.token == nil ? Self.parts(of: $0.text, others) : [$0] }
    }

    private static func parts(of text: String, _ tokens: [AddedToken]) -> [(token: Int?, text: String)] {
        let bytes = Array(text.utf8)
        var parts: [(token: Int?, text: String)] = []
        var end = 0
        var place = 0
        func add(_ start: Int, _ stop: Int) {
            if start < stop { parts.append((nil, String(decoding: bytes[start..<stop], as: UTF8.self))) }
        }
        while place < bytes.count {
            guard let token = longest(of: tokens, at: place, in: bytes) else {
                place += 1
                continue
            }
            var first = place
            place += token.text.count
            var stop = place
            if token.isWord, bytes[..<first].endsInWord || bytes[stop...].beginsInWord { continue }
            if token.takesSpaceBefore {
                while first > 0, bytes[first - 1].isJSONSpace { first -= 1 }
                first = max(first, end)
            }
            if token.takesSpaceBehind { while stop < bytes.count, bytes[stop].isJSONSpace { stop += 1 } }
            add(end, first)
            parts.append((token.number, ""))
            // The next token is looked for behind this one, also in space that it took.
            end = stop
        }
        add(end, bytes.count)
        return parts
    }

    private static func longest(of tokens: [AddedToken], at place: Int, in bytes: [UInt8]) -> AddedToken? {
        var longest: AddedToken?
        for token in tokens where token.text[0] == bytes[place] && token.text.count > longest?.text.count ?? 0
        {
            if bytes[place...].starts(with: token.text) { longest = token }
        }
        return longest
    }
}

extension ArraySlice<UInt8> {
    fileprivate var endsInWord: Bool {
        String(decoding: self, as: UTF8.self).unicodeScalars.last?.isInWord ?? false
    }

    fileprivate var beginsInWord: Bool {
        String(decoding: prefix(8), as: UTF8.self).unicodeScalars.first?.isInWord ?? false
    }
}

extension Unicode.Scalar {
    fileprivate var isInWord: Bool {
        switch properties.generalCategory {
        case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: true
        default: properties.isAlphabetic
        }
    }
}
