/// How precisely the weights of a file are stored, under the name that publishers give it: `q4_k_m`, `bf16`,
/// `awq`.
///
/// The names are open: what has the shape of one is one, since engines and publishers add some every few
/// months.
public struct Quantization: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The name in lower case with `_` between its parts.
    public let name: String

    /// Reads a name in any case, with `-` or `_`; `q4`, `q5`, `q6` and `q8` mean the usual member of their
    /// family.
    public init?(parsing text: some StringProtocol) {
        guard (2...24).contains(text.utf8.count), text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let parts = text.lowercased().split(omittingEmptySubsequences: false) { $0 == "-" || $0 == "_" }
        self.init(parts: parts[...])
    }

    init?(parts: ArraySlice<Substring>) {
        var rest = parts
        var prefix = ""
        if let first = rest.first, first == "ud" || first == "i1" {
            prefix = "\(first)_"
            rest = rest.dropFirst()
        }
        guard let head = rest.first else { return nil }
        let tail = rest.dropFirst()
        if tail.isEmpty, let usual = Self.usual[head] {
            name = prefix + usual
        } else if prefix.isEmpty, Self.isFixed(head, tail) || Self.isMixed(head, tail) {
            name = rest.joined(separator: "_")
        } else if Self.isBlockwise(head, tail)
            || ["f32", "f16", "bf16", "mxfp4"].contains(head) && Self.isFixed(head, tail)
        {
            name = prefix + rest.joined(separator: "_")
        } else {
            return nil
        }
    }

    /// The name.
    public var description: String { name }

    /// Orders by bits a weight; those that have no known figure come last, by name.
    public static func < (left: Self, right: Self) -> Bool {
        (left.approximateBitsPerWeight ?? .infinity, left.name) < (
            right.approximateBitsPerWeight ?? .infinity, right.name
        )
    }
}

// MARK: The shapes of names

extension Quantization {
    /// Other ways to say a name.
    private static let usual: [Substring: String] = [
        "q4": "q4_k_m", "q5": "q5_k_m", "q6": "q6_k", "q8": "q8_0", "fp16": "f16", "fp32": "f32",
        "q2k": "q2_k", "q3k": "q3_k", "q4k": "q4_k", "q5k": "q5_k", "q6k": "q6_k", "f8e4m3": "fp8",
    ]

    /// Names of one word, and what publishers of safetensors add to them.
    private static func isFixed(_ head: Substring, _ tail: ArraySlice<Substring>) -> Bool {
        switch head {
        case "f16", "f32", "bf16", "hqq4", "hqq8": tail.isEmpty
        case "mxfp4": tail.isEmpty || tail == ["moe"]
        case "awq", "gptq", "bnb", "fp8", "int8", "int4", "nvfp4", "mxfp8":
            tail.count <= 1
                && tail.allSatisfy {
                    ["4bit", "8bit", "int4", "int8", "dynamic", "static", "block"].contains($0)
                }
        default: false
        }
    }

    /// `w4a16`: the bits of weights and of activations.
    private static func isMixed(_ head: Substring, _ tail: ArraySlice<Substring>) -> Bool {
        let bits = head.dropFirst().split(separator: "a", omittingEmptySubsequences: false)
        return head.first == "w" && tail.isEmpty && bits.count == 2
            && bits.allSatisfy { ["4", "8", "16"].contains($0) }
    }

    /// The types of ggml, after their geometry: `q4_0`, `q4_k_m`, `iq2_xxs`, `tq1_0`, `q4_0_4_8`.
    private static func isBlockwise(_ head: Substring, _ tail: ArraySlice<Substring>) -> Bool {
        guard let kind = tail.first, let bits = head.last?.wholeNumberValue, (1...8).contains(bits) else {
            return false
        }
        let variants = tail.dropFirst()
        switch head.dropLast() {
        case "q" where kind == "k":
            return variants.count <= 1 && variants.allSatisfy { ["xs", "s", "m", "l", "xl"].contains($0) }
        case "q" where kind == "0" || kind == "1":
            return variants.isEmpty || (variants.count == 2 && variants.allSatisfy { $0 == "4" || $0 == "8" })
        case "tq": return (kind == "0" || kind == "1") && variants.isEmpty
        case "iq":
            let sizes: [Substring] = ["xxs", "xs", "s", "m", "xl", "nl", "k", "ks", "kl", "kss", "kt"]
            return sizes.contains(kind)
                && (variants.isEmpty || variants == ["r4"] || variants == ["r8"] || variants == ["4", "4"])
        default: return false
        }
    }
}

// MARK: Bits

extension Quantization {
    /// What a weight takes on average, from the table of llama.cpp's quantizer or the geometry of the type's
    /// blocks; `nil` where neither says.
    public var approximateBitsPerWeight: Double? {
        let plain = name.hasPrefix("ud_") || name.hasPrefix("i1_") ? String(name.dropFirst(3)) : name
        return Self.bits[plain]
    }

    /// The names that are well known, the widest first.
    public static var knownNames: [String] {
        bits.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.map(\.key)
    }

    private static let bits: [String: Double] = [
        "f32": 32, "f16": 16, "bf16": 16,
        "q8_0": 8.5, "q6_k": 6.56, "q5_k_m": 5.7, "q5_k_s": 5.57, "q5_1": 6, "q5_0": 5.5,
        "q4_k_m": 4.89, "q4_k_s": 4.67, "q4_1": 5, "q4_0": 4.5,
        "q3_k_l": 4.3, "q3_k_m": 4, "q3_k_s": 3.64, "q2_k": 3.16, "q2_k_s": 2.97,
        "iq4_nl": 4.68, "iq4_xs": 4.46, "iq3_m": 3.76, "iq3_s": 3.66, "iq3_xs": 3.5, "iq3_xxs": 3.25,
        "iq2_m": 2.93, "iq2_s": 2.74, "iq2_xs": 2.59, "iq2_xxs": 2.38, "iq1_m": 2.15, "iq1_s": 2,
        "q5_k": 5.5, "q4_k": 4.5, "q3_k": 3.44, "tq1_0": 1.69, "tq2_0": 2.06, "mxfp4": 4.25,
        "mxfp4_moe": 4.25, "q1_0": 1.13, "q2_0": 2.25, "hqq4": 4.5, "hqq8": 8.5, "fp8": 8,
    ]
}

// MARK: File names

extension Quantization {
    /// The quantization that a GGUF's name tells, the last one if it tells several; `nil` if it tells none.
    ///
    /// Publishers write `-Q4_K_M.gguf`, `.Q4_K_M.gguf`, `-UD-Q4_K_XL-00001-of-00002.gguf`,
    /// `.i1-IQ4_XS.gguf.part1of2`, or put the name in the folder: `Q8_0/model-00001-of-00003.gguf`.
    public static func label(inFileName path: some StringProtocol) -> Quantization? {
        for component in path.lowercased().split(separator: "/").reversed().prefix(2) {
            if let label = lastLabel(in: stem(of: component)) { return label }
        }
        return nil
    }

    private static func lastLabel(in stem: Substring) -> Quantization? {
        let parts = stem.split { $0 == "-" || $0 == "_" || $0 == "." || !$0.isASCII }
        var found: Quantization?
        var start = 0
        while start < parts.count {
            // The longest from here: `q4_k_m`, not its beginning `q4`.
            let match = (1...min(5, parts.count - start)).reversed().lazy.compactMap { count in
                Quantization(parts: parts[start..<start + count]).map { ($0, count) }
            }.first
            if let match { found = match.0 }
            start += match?.1 ?? 1
        }
        return found
    }

    /// The name without its endings: `.gguf`, shards such as `-00001-of-00003`, parts such as `.part1of2`.
    private static func stem(of name: Substring) -> Substring {
        var stem = name
        if let end = stem.lastRange(of: ".gguf") { stem = stem[..<end] }
        let pieces = stem.split(separator: "-", omittingEmptySubsequences: false)
        guard pieces.count > 3, pieces[pieces.count - 2] == "of",
            [pieces[pieces.count - 1], pieces[pieces.count - 3]].allSatisfy({
                $0.count == 5 && $0.allSatisfy(\.isNumber)
            })
        else { return stem }
        return stem.dropLast(15)
    }
}

extension Substring {
    /// Where `ending` begins for the last time.
    fileprivate func lastRange(of ending: String) -> Index? {
        var index = endIndex
        while index > startIndex {
            index = self.index(before: index)
            if self[index...].hasPrefix(ending) { return index }
        }
        return nil
    }
}

extension Quantization: Codable {
    /// Reads a string that names a quantization.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let quantization = Quantization(parsing: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "`\(text)` is no quantization"
            )
        }
        self = quantization
    }

    /// Writes the name.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}
