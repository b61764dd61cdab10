import Platform
public import SystemPackage

/// Reads declared values and keeps every mistake on the way, so that one look at a file names them all.
struct DeclarationReader {
    private(set) var problems: [DeclarationError] = []
    /// A catalog names a dozen of them hundreds of times.
    private var quantizations: [String: Quantization] = [:]

    /// Keeps a mistake.
    mutating func report(_ problem: DeclarationError) { problems.append(problem) }

    /// The value that `body` reads, or `nil` and a mistake kept.
    mutating func keep<Value>(_ body: () throws(DeclarationError) -> Value) -> Value? {
        do throws(DeclarationError) {
            return try body()
        } catch {
            problems.append(error)
            return nil
        }
    }

    /// The value of a name, if it is there and right.
    mutating func read<Value>(
        _ name: String,
        of node: YAMLNode,
        _ convert: (YAMLNode) throws(DeclarationError) -> Value
    ) -> Value? {
        guard let value = node[name] else { return nil }
        return keep { () throws(DeclarationError) in try convert(value) }
    }

    /// The named values of a mapping, none if it is something else; each name must be one of `known`.
    @discardableResult
    mutating func mapping(_ node: YAMLNode, known: [String]? = nil) -> [YAMLNode.Pair] {
        let pairs = keep { () throws(DeclarationError) in try node.pairs() } ?? []
        guard let known else { return pairs }
        for pair in pairs where !known.contains(pair.name) {
            // Who has that many mistakes is not helped by guesses, which take time.
            let near = problems.count < 100 ? nearestNames(to: pair.name, in: known, most: 1).first : nil
            let guess = near.map { ": did you mean `\($0)`?" } ?? ""
            report(pair.key.error("unknown key `\(pair.name)`\(guess)"))
        }
        return pairs
    }

    /// The quantization that a value names, if it names one.
    mutating func quantization(_ node: YAMLNode) -> Quantization? {
        guard case .scalar(let text, _) = node.content else { return keep(node.quantization) }
        if let known = quantizations[text] { return known }
        let read = keep(node.quantization)
        quantizations[text] = read
        return read
    }

    /// The first mistake in the order of the file.
    func throwFirst() throws(DeclarationError) {
        if let first = sorted.first { throw first }
    }

    /// The mistakes in the order of the file.
    var sorted: [DeclarationError] { problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) } }
}

/// Where a declaration was read.
public enum DeclarationOrigin: Sendable, Hashable, CustomStringConvertible {
    /// It was compiled into the program.
    case builtIn
    /// A file of the user.
    case file(FilePath)

    /// `built in`, or the path of the file.
    public var description: String {
        switch self {
        case .builtIn: "built in"
        case .file(let path): path.string
        }
    }
}
