/// In what the tensors of a model are not those that its description says it has.
public struct TensorFlaws: Sendable, Equatable {
    /// What is wrong with a tensor.
    public enum Flaw: Sendable, Equatable {
        /// It is not there.
        case missing(String)
        /// It has another shape than it should.
        case shape(String, found: [Int], expected: [Int])
    }

    /// The first of them.
    public private(set) var first: [Flaw] = []
    /// How many were found.
    public private(set) var count = 0

    /// As many are told.
    private static let told = 3
    /// Nobody counts further: a description may claim any number of tensors.
    private static let most = 100_000

    init() {}

    var isFull: Bool { count >= Self.most }

    mutating func add(_ flaw: Flaw) {
        count += 1
        if first.count < Self.told { first.append(flaw) }
    }
}

extension TensorFlaws: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        let named = first.map(\.description).joined(separator: ", ")
        let rest = count - first.count
        guard rest > 0 else { return named }
        return "\(named), and \(isFull ? "at least " : "")\(rest) more \(rest == 1 ? "is" : "are") wrong"
    }
}

extension TensorFlaws.Flaw: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }
        switch self {
        case .missing(let name): return "tensor `\(name)` is missing"
        case .shape(let name, let found, let expected):
            return "tensor `\(name)` is \(text(found)) and not \(text(expected))"
        }
    }
}
