/// The steps by which a tokenizer cuts a text into words, and the words' bytes into characters.
struct WordFinder: CustomStringConvertible {
    /// What becomes of the parts of a text that match.
    private enum Behavior: String {
        case removed = "Removed"
        case isolated = "Isolated"
        case withPrevious = "MergedWithPrevious"
        case withNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    private enum Step {
        case split(WordPattern, Behavior, inverted: Bool)
        case digits(each: Bool)
        case punctuation(Behavior)
        case bytes(addsSpace: Bool, findsWords: Bool)
    }

    private var steps: [Step] = []
    /// The steps in a few words, alike for tokenizers that do the same.
    private(set) var description = ""

    /// Understands the steps, unless one of them is not known.
    ///
    /// `addsSpace` is what the settings say of the space in front of a text, where that is a matter of one step alone.
    init?(_ value: JSONValue, addsSpace: Bool?) {
        guard add(value, addsSpace: addsSpace) else { return nil }
        description = steps.map(Self.describe).joined(separator: "; ")
    }

    /// A tokenizer has a few steps.
    private static let mostSteps = 32

    private mutating func add(_ value: JSONValue, addsSpace: Bool?) -> Bool {
        let members = value.members
        guard steps.count < Self.mostSteps else { return false }
        let behavior = members["behavior"]?.string.map { Behavior(rawValue: $0) } ?? .isolated
        switch members["type"]?.string {
        case "Sequence":
            return (members["pretokenizers"]?.elements ?? []).allSatisfy { add($0, addsSpace: nil) }
        case "Split":
            guard let behavior, let pattern = members["pattern"].flatMap(WordPattern.init) else {
                return false
            }
            steps.append(.split(pattern, behavior, inverted: members["invert"]?.isTruthy ?? false))
        case "Digits": steps.append(.digits(each: members["individual_digits"]?.isTruthy ?? false))
        case "Punctuation":
            guard let behavior else { return false }
            steps.append(.punctuation(behavior))
        case "ByteLevel":
            let findsWords = members["use_regex"]?.flag ?? true
            steps.append(
                .bytes(
                    addsSpace: addsSpace ?? members["add_prefix_space"]?.flag ?? true,
                    findsWords: findsWords
                )
            )
        default: return false
        }
        return true
    }

    private static func describe(_ step: Step) -> String {
        switch step {
        case .split(let pattern, let behavior, let inverted):
            let manner = behavior == .isolated && !inverted ? "" : " \(behavior.rawValue) \(inverted)"
            return "split\(manner) \(pattern.source)"
        case .digits(let each): return each ? "digit" : "digits"
        case .punctuation(let behavior): return "punctuation \(behavior.rawValue)"
        case .bytes(let addsSpace, let findsWords):
            return (addsSpace ? "space; " : "") + (findsWords ? "words; " : "") + "bytes"
        }
    }

    /// The words of a text.
    func words(of text: String) -> [String] {
        var words = [text]
        for step in steps { words = words.flatMap { Self.apply(step, to: $0) } }
        return words
    }

    private static func apply(_ step: Step, to text: String) -> [String] {
        switch step {
        case .split(let pattern, let behavior, let inverted):
            return cut(text, pattern.parts(of: text), behavior, inverted: inverted)
        case .digits(let each):
            return cut(text, parts(of: text, \.isNumeric), each ? .isolated : .contiguous, inverted: false)
        case .punctuation(let behavior):
            return cut(text, parts(of: text, \.isPunctuation), behavior, inverted: false)
        case .bytes(let addsSpace, let findsWords):
            let whole = addsSpace && text.unicodeScalars.first != " " ? " " + text : text
            let words =
                findsWords
                ? cut(whole, WordPattern.usual.parts(of: whole), .isolated, inverted: false) : [whole]
            return words.map {
                String(String.UnicodeScalarView($0.utf8.map { ByteCharacters.scalars[Int($0)] }))
            }
        }
    }

    private static func parts(of text: String, _ isPart: (Unicode.Scalar) -> Bool) -> [Range<String.Index>] {
        let scalars = text.unicodeScalars
        return scalars.indices.filter { isPart(scalars[$0]) }.map { $0..<scalars.index(after: $0) }
    }

    private static func cut(
        _ text: String,
        _ matches: [Range<String.Index>],
        _ behavior: Behavior,
        inverted: Bool
    ) -> [String] {
        var pieces: [(range: Range<String.Index>, isMatch: Bool)] = []
        var end = text.startIndex
        for match in matches {
            if end < match.lowerBound { pieces.append((end..<match.lowerBound, inverted)) }
            pieces.append((match, !inverted))
            end = match.upperBound
        }
        if end < text.endIndex { pieces.append((end..<text.endIndex, inverted)) }
        return merge(pieces, behavior).filter { !$0.isEmpty }.map { String(text.unicodeScalars[$0]) }
    }

    private static func merge(
        _ pieces: [(range: Range<String.Index>, isMatch: Bool)],
        _ behavior: Behavior
    ) -> [Range<String.Index>] {
        var merged: [Range<String.Index>] = []
        var previous: Bool?
        for piece in pieces {
            let joins =
                switch behavior {
                case .removed, .isolated: false
                case .withPrevious: piece.isMatch && previous == false
                case .withNext: !piece.isMatch && previous == true
                case .contiguous: previous == piece.isMatch
                }
            previous = piece.isMatch
            if behavior == .removed, piece.isMatch { continue }
            if joins, let last = merged.popLast() {
                merged.append(last.lowerBound..<piece.range.upperBound)
            } else {
                merged.append(piece.range)
            }
        }
        return merged
    }
}

/// A pattern that finds parts of a text.
struct WordPattern: Sendable {
    private enum Kind: Sendable {
        case text
        case expression
    }

    /// The pattern as it is written.
    let source: String
    private let kind: Kind

    /// Much longer ones than any tokenizer has are not tried.
    private static let longest = 8192

    /// The pattern of a step; `nil` if it is none that can be used.
    init?(_ value: JSONValue) {
        if let text = value["String"]?.string, !text.isEmpty {
            self.init(source: text, kind: .text)
        } else if let expression = value["Regex"]?.string, !expression.isEmpty {
            self.init(source: expression, kind: .expression)
            guard expression.utf8.count <= Self.longest, PatternCost.isBearable(expression),
                (try? Regex(expression)) != nil
            else { return nil }
        } else {
            return nil
        }
    }

    private init(source: String, kind: Kind) {
        self.source = source
        self.kind = kind
    }

    /// That of GPT 2, which is used where a step names none.
    static let usual = WordPattern(
        source: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
        kind: .expression
    )

    /// The parts of a text that match.
    func parts(of text: String) -> [Range<String.Index>] {
        switch kind {
        case .text: return text.ranges(of: source)
        case .expression:
            guard
                let expression = try? Regex(source).matchingSemantics(.unicodeScalar).wordBoundaryKind(
                    .simple
                )
            else { return [] }
            return text.matches(of: expression).map(\.range).filter { !$0.isEmpty }
        }
    }
}

/// What a pattern may cost at worst: it comes with the model, and must not keep anyone waiting for ever.
enum PatternCost {
    /// Patterns of tokenizers repeat without end three times in a row at most.
    private static let mostRepeats = 4

    /// Whether no repetition is repeated, and few follow each other.
    static func isBearable(_ pattern: String) -> Bool {
        var groups: [(repeats: Int, most: Int)] = [(0, 0)]
        var isInSet = 0
        let characters = Array(pattern.unicodeScalars)
        var place = 0
        while place < characters.count {
            defer { place += 1 }
            switch characters[place] {
            case "\\": place += 1
            case "[": isInSet += 1
            case "]" where isInSet > 0: isInSet -= 1
            case _ where isInSet > 0: break
            case "(": groups.append((0, 0))
            case ")":
                guard groups.count > 1, let group = groups.popLast() else { return false }
                let most = max(group.most, group.repeats)
                if most > 0, isEndless(characters, place + 1) { return false }
                groups[groups.count - 1].repeats += most
            case "|":
                let group = groups[groups.count - 1]
                groups[groups.count - 1] = (0, max(group.most, group.repeats))
            case "*", "+", "{":
                if isEndless(characters, place) { groups[groups.count - 1].repeats += 1 }
            default: break
            }
            if groups[groups.count - 1].repeats > mostRepeats { return false }
        }
        return groups.count == 1
    }

    /// Whether something is repeated without end from a place on.
    private static func isEndless(_ characters: [Unicode.Scalar], _ place: Int) -> Bool {
        guard place < characters.count else { return false }
        switch characters[place] {
        case "*": return true
        // A plus behind another repetition only forbids to give back.
        case "+": return place == 0 || !["*", "+", "?", "}"].contains(characters[place - 1])
        case "{":
            guard let end = characters[place...].firstIndex(of: "}") else { return false }
            let inside = String(String.UnicodeScalarView(characters[(place + 1)..<end]))
            let bounds = inside.split(separator: ",", omittingEmptySubsequences: false)
            guard let last = bounds.last, bounds.count <= 2 else { return false }
            return last.isEmpty || Int(last).map { $0 > 16 } ?? false
        default: return false
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isNumeric: Bool {
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }

    fileprivate var isPunctuation: Bool {
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            true
        default: isASCII && "$+<=>^`|~".unicodeScalars.contains(self)
        }
    }
}

/// The printable characters by which vocabularies write bytes.
enum ByteCharacters {
    /// The character of each byte: itself where it is one that can be seen, else one from 256 on.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 256
        return (0..<256).map { (byte: UInt32) in
            let isSeen =
                (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
            if !isSeen { next += 1 }
            return Unicode.Scalar(isSeen ? byte : next - 1) ?? " "
        }
    }()
}
