import Glibc

/// What the name of a repository says of the model in it, as the reference understands such names.
struct NameParts: Equatable {
    /// The name without its owner.
    var name: String?
    var organization: String?
    var basename: String?
    var finetune: String?
    var version: String?
    var sizeLabel: String?

    private enum Kind { case basename, sizeLabel, finetune, version, type }

    private struct Part {
        var text: String
        var kinds: Set<Kind> = []
    }

    /// Takes a name apart; `parameters`, the number of weights, tells sizes of models from lengths of contexts, and is
    /// negative for an adapter, where it is a guess.
    init(_ identifier: String, parameters: Int) {
        guard !identifier.contains(" ") else {
            name = identifier
            return
        }
        let halves = identifier.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let full = String(halves[halves.count - 1])
        name = full
        if halves.count > 1, halves[0].first != "." { organization = String(halves[0]) }
        var parts = full.split(separator: "-").map { Part(text: String($0)) }
        for index in parts.indices {
            Self.annotate(&parts[index], isFirst: index == 0, parameters: parameters)
        }
        Self.dropWordsBesideNumbers(&parts)
        Self.findBasename(&parts)
        func joined(_ kind: Kind) -> String? {
            let texts = parts.filter { $0.kinds.contains(kind) }.map(\.text)
            return texts.isEmpty ? nil : texts.joined(separator: "-")
        }
        finetune = joined(.finetune)
        let versions = parts.filter { $0.kinds.contains(.version) && !$0.kinds.contains(.basename) }.map(
            \.text
        )
        version = versions.isEmpty ? nil : versions.joined(separator: "-")
        var sizes: [String] = []
        for part in parts where part.kinds.contains(.sizeLabel) && !sizes.contains(part.text) {
            sizes.append(part.text)
        }
        sizeLabel = sizes.isEmpty ? nil : sizes.joined(separator: "-")
        let isClear = sizeLabel != nil || finetune != nil || version != nil
        basename = isClear ? joined(.basename) : nil
    }

    private static func annotate(_ part: inout Part, isFirst: Bool, parameters: Int) {
        let text = part.text
        if text.isVersion {
            part.kinds = [.version]
        } else if text.isQuantization {
            part = Part(text: text.uppercased(), kinds: [.type])
        } else if !isFirst, text.isSize {
            part = size(text, parameters: parameters)
        } else if !isFirst, ["chat", "instruct", "vision", "lora"].contains(text.lowercased()) {
            let isRedundant = parameters < 0 && text.lowercased() == "lora"
            part.kinds = [isRedundant ? .type : .finetune]
        }
    }

    private static func size(_ original: String, parameters: Int) -> Part {
        var text = original.map { $0 == "_" ? "." : $0 }
        // 7b1 means 7.1B.
        if text[text.count - 1].isDecimal {
            let tail = text.suffix(2)
            text = text.dropLast(2) + [".", tail[tail.endIndex - 1], tail[tail.startIndex]]
        }
        let last = text.count - 1
        if text.count > 1, text[last - 1].isDecimal, "kmbt".contains(text[last]) {
            text[last] = Character(text[last].uppercased())
        }
        var isContext = false
        if parameters != 0, let number = Double(String(text.dropLast())) {
            let power = Array(" KMBT").firstIndex(of: text[last]) ?? -1
            let label = number * pow(1000, Double(power))
            let limit = Double(abs(parameters))
            isContext =
                parameters < 0
                ? label < Double(abs(parameters) / 8) : abs(label - limit) > Double(7 * parameters / 8)
        }
        if isContext { text[last] = Character(text[last].lowercased()) }
        return Part(text: String(text), kinds: [isContext ? .finetune : .sizeLabel])
    }

    /// A size in words counts only where none is a number.
    private static func dropWordsBesideNumbers(_ parts: inout [Part]) {
        let hasNumber = parts.contains {
            $0.kinds.contains(.sizeLabel) && $0.text.contains(where: \.isDecimal)
        }
        guard hasNumber else { return }
        for index in parts.indices where parts[index].kinds.contains(.sizeLabel) {
            if parts[index].text.allSatisfy(\.isLetter) { parts[index].kinds.remove(.sizeLabel) }
        }
    }

    private static func findBasename(_ parts: inout [Part]) {
        var isStart = true
        for index in parts.indices {
            let part = parts[index]
            let isWord = part.kinds.isEmpty && part.text.first?.isLetter == true
            if isStart, isWord || part.kinds.contains(.version) {
                parts[index].kinds.insert(.basename)
            } else {
                isStart = false
                if part.kinds.isEmpty { parts[index].kinds.insert(.finetune) }
            }
        }
        for index in parts.indices.reversed() {
            guard parts[index].kinds.contains(.basename), parts[index].kinds.count > 1 else { return }
            parts[index].kinds.remove(.basename)
        }
    }

    /// A name as a title: words in lower case get a capital, unless they are numbers or versions.
    static func title(_ text: String) -> String {
        let words = text.split { $0 == "-" || $0.isWhitespace }.map(String.init)
        return words.map { $0.isLower && !$0.beginsAsNumber ? $0.inTitleCase : $0 }.joined(separator: " ")
    }
}

extension Character {
    var isDecimal: Bool { ("0"..."9").contains(self) }
}

extension String {
    /// `v1.2`, `iter3` or `2`.
    fileprivate var isVersion: Bool {
        var rest = lowercased()[...]
        if rest.hasPrefix("iter") {
            rest = rest.dropFirst(4)
        } else if rest.hasPrefix("v") {
            rest = rest.dropFirst()
        }
        return rest.isNumbersWithDots
    }

    /// `q4_k_m`, `iq2_xs`, `fp16`, `bf16` and the like.
    fileprivate var isQuantization: Bool {
        let text = lowercased()
        if ["f16", "f32", "fp16", "fp32", "bf16", "bf32", "bfp16", "bfp32"].contains(text) { return true }
        var rest = text[...]
        if rest.hasPrefix("i") { rest = rest.dropFirst() }
        guard rest.hasPrefix("q"), rest.dropFirst().first?.isDecimal == true else { return false }
        let parts = rest.dropFirst(2)
        return parts.count.isMultiple(of: 2)
            && parts.enumerated().allSatisfy { index, character in
                index.isMultiple(of: 2)
                    ? character == "_" : character.isLetter || character.isDecimal || character == "_"
            }
    }

    /// `7B`, `0.5b`, `8x7B`, `A3B`, `7b1`, `small` and the like.
    fileprivate var isSize: Bool {
        let text = lowercased()
        if ["small", "mini", "medium", "large", "xl", "xxl"].contains(text) { return true }
        var rest = text[...]
        if rest.hasPrefix("a") {
            rest = rest.dropFirst()
        } else if let cross = rest.firstIndex(of: "x") {
            guard !rest[..<cross].isEmpty, rest[..<cross].allSatisfy(\.isDecimal) else { return false }
            rest = rest[rest.index(after: cross)...]
        }
        if rest.last?.isDecimal == true { rest = rest.dropLast() }
        guard let unit = rest.last, "kmbt".contains(unit) else { return false }
        let numbers = rest.dropLast().split(omittingEmptySubsequences: false) { (separator: Character) in
            separator == "." || separator == "_"
        }
        return (1...2).contains(numbers.count)
            && numbers.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isDecimal) }
    }

    /// Whether it has letters and all of them are small.
    fileprivate var isLower: Bool {
        let cased = unicodeScalars.filter { $0.properties.isCased }
        return !cased.isEmpty && cased.allSatisfy { $0.properties.isLowercase }
    }

    /// A number, or a version and no more.
    fileprivate var beginsAsNumber: Bool {
        if first?.isDecimal == true { return true }
        return first == "v" && dropFirst().isNumbersWithDots
    }

    /// Every letter behind something else is a capital.
    fileprivate var inTitleCase: String {
        var result = ""
        var isInWord = false
        for scalar in unicodeScalars {
            result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
            isInWord = scalar.properties.isCased
        }
        return result
    }
}

extension Substring {
    /// Numbers with dots between them.
    fileprivate var isNumbersWithDots: Bool {
        split(separator: ".", omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isDecimal) }
    }
}
