import Glibc

/// The part of a vocabulary that some words need, and the pairs that are merged in them.
struct BytePairs {
    private var numbers: [[UInt8]: Int] = [:]
    private var merges: [Pair: (rank: Int, number: Int)] = [:]
    private let takesWords: Bool
    private let unknown: Int?

    private struct Pair: Hashable {
        let left: Int
        let right: Int
    }

    /// Looks in a tokenizer's model for what the words have; `nil` if it is none that merges pairs.
    init?(_ model: JSONMembers, for words: [[UInt8]]) {
        takesWords = model["ignore_merges"]?.isTruthy ?? false
        guard let vocabulary = model["vocab"], let list = model["merges"]?.nonNull else { return nil }
        let text = SearchedText(words)
        var found: [[UInt8]: Int] = [:]
        let wanted = model["unk_token"]?.utf8
        var unknown: Int?
        vocabulary.forEachMember { name, value in
            guard let token = name.utf8, let number = value.integer else { return }
            if token == wanted { unknown = number }
            if text.has(token) { found[token] = number }
        }
        numbers = found
        self.unknown = unknown
        var rank = 0
        var pairs: [Pair: (rank: Int, number: Int)] = [:]
        do throws(HuggingFaceError) {
            try BytePairMerges.forEach(list) { left, right throws(HuggingFaceError) in
                defer { rank += 1 }
                var sides = (left, right ?? [])
                if right == nil {
                    guard let space = left.firstIndex(of: 0x20) else { return }
                    sides = (Array(left[..<space]), Array(left[(space + 1)...]))
                }
                guard let first = found[sides.0], let second = found[sides.1],
                    let both = found[sides.0 + sides.1]
                else { return }
                pairs[Pair(left: first, right: second)] = (rank, both)
            }
        } catch {
            return nil
        }
        merges = pairs
    }

    /// The tokens of a word.
    func numbers(of word: [UInt8]) -> [Int] {
        if takesWords, let number = numbers[word] { return [number] }
        var parts: [Int] = String(decoding: word, as: UTF8.self).unicodeScalars.compactMap {
            numbers[Array(String($0).utf8)] ?? unknown
        }
        while true {
            var best: (rank: Int, place: Int, number: Int)?
            for place in parts.indices.dropLast() {
                guard let merge = merges[Pair(left: parts[place], right: parts[place + 1])] else { continue }
                if merge.rank < best?.rank ?? .max { best = (merge.rank, place, merge.number) }
            }
            guard let best else { return parts }
            parts[best.place] = best.number
            parts.remove(at: best.place + 1)
        }
    }
}

/// A text in which many short ones are looked for.
private struct SearchedText {
    private let bytes: [UInt8]
    /// Where each pair of neighbouring bytes is.
    private var places: [UInt16: [Int]] = [:]
    private let single: Set<UInt8>

    init(_ words: [[UInt8]]) {
        // No text has this byte, so nothing is found across words.
        bytes = Array(words.joined(separator: [0xFF]))
        single = Set(bytes)
        for place in bytes.indices.dropLast() {
            places[UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1]), default: []].append(place)
        }
    }

    func has(_ text: [UInt8]) -> Bool {
        guard text.count > 1 else { return text.first.map(single.contains) ?? false }
        guard let candidates = places[UInt16(text[0]) << 8 | UInt16(text[1])] else { return false }
        return bytes.withUnsafeBytes { bytes in
            text.withUnsafeBytes { text in
                candidates.contains { place in
                    guard bytes.count - place >= text.count, let start = bytes.baseAddress,
                        let wanted = text.baseAddress
                    else { return false }
                    return memcmp(start + place, wanted, text.count) == 0
                }
            }
        }
    }
}
