/// The tensors of an adapter by the matrix that they change: each wants two.
struct AdapterPairs {
    /// The two tensors for one matrix; the shapes have the length of a row last.
    struct Pair {
        /// From the matrix's inputs to the rank.
        var down: [Int]?
        /// From the rank to its outputs.
        var up: [Int]?
    }

    private(set) var pairs: [String: Pair] = [:]

    /// Takes the first tensor for a matrix in.
    mutating func add(down shape: [Int], for name: String) throws(AdapterError) {
        guard pairs[name]?.down == nil else { throw .unexpected(name) }
        pairs[name, default: Pair()].down = shape
    }

    /// Takes the second tensor for a matrix in.
    mutating func add(up shape: [Int], for name: String) throws(AdapterError) {
        guard pairs[name]?.up == nil else { throw .unexpected(name) }
        pairs[name, default: Pair()].up = shape
    }

    /// The matrices with their sizes, by name, and the largest rank.
    ///
    /// `isShared` tells which names stand for many experts at once: the size of such is not known, and their rank is a
    /// multiple of one of `declared`. Without `declared` any rank will do.
    func modules(
        declared: Set<Int>?,
        isShared: (String) -> Bool = { _ in false }
    ) throws(AdapterError) -> (modules: [AdaptedModule], rank: Int) {
        var modules: [AdaptedModule] = []
        var largest = 0
        for (name, pair) in pairs.sorted(by: { $0.key < $1.key }) {
            guard let down = pair.down, let up = pair.up else { throw .unpaired(name) }
            guard (2...3).contains(down.count), down.count == up.count, (down + up).allSatisfy({ $0 > 0 }),
                down.dropLast(2) == up.dropLast(2)
            else { throw .shape(name) }
            let (rank, inputs) = (down[down.count - 2], down[down.count - 1])
            let (outputs, second) = (up[up.count - 2], up[up.count - 1])
            guard rank == second else { throw .shape(name) }
            if isShared(name) {
                guard declared?.contains(where: { rank.isMultiple(of: $0) }) ?? true else {
                    throw .undeclaredRank(name, rank)
                }
                modules.append(AdaptedModule(name: name, size: nil))
            } else {
                guard declared?.contains(rank) ?? true else { throw .undeclaredRank(name, rank) }
                largest = max(largest, rank)
                modules.append(AdaptedModule(name: name, size: MatrixSize(inputs: inputs, outputs: outputs)))
            }
        }
        guard !modules.isEmpty else { throw .empty }
        return (modules, largest)
    }
}
