import Formats

/// All that is to be done, in pieces of a bounded size, in the order of the source.
struct WritingWork: Sendable {
    /// A type that a tensor is to get, with the places where that goes.
    struct Destination: Sendable {
        let type: TensorType
        var places: [(file: Int, offset: Int64)]
    }

    /// A tensor with all that it becomes.
    struct Task: Sendable {
        let tensor: SourceTensor
        var destinations: [Destination]
        let importance: ImportanceMatrix.Entry?
        /// The elements of a piece.
        let step: Int
    }

    /// Some neighbouring elements of a tensor.
    struct Piece: Sendable {
        let task: Task
        let range: Range<Int>

        /// The bytes in the source.
        var size: Int64 { task.tensor.type.byteCount(elements: range.count) ?? 0 }
    }

    /// How far the work was handed out.
    struct Cursor: Sendable {
        fileprivate var task = 0
        fileprivate var element = 0
    }

    /// The bytes of all tensors in the source.
    let total: Int64
    private let tasks: [Task]

    /// What a piece needs in memory stays in the cache of a core: its source, its floats, and what becomes of them.
    private static let usualPiece = 64 << 10

    init(_ source: any TensorSource, files: [WrittenFile], options: QuantizationOptions)
        throws(ConversionError)
    {
        var destinations: [String: [Destination]] = [:]
        for (index, file) in files.enumerated() {
            for tensor in file.plan.tensors {
                let place = (file: index, offset: file.plan.dataOffset + tensor.offset)
                var known = destinations[tensor.source.name] ?? []
                // What is the same for two targets is made once.
                if let same = known.firstIndex(where: { $0.type == tensor.type }) {
                    known[same].places.append(place)
                } else {
                    known.append(Destination(type: tensor.type, places: [place]))
                }
                destinations[tensor.source.name] = known
            }
        }
        tasks = try source.tensors.sorted { ($0.file, $0.offset) < ($1.file, $1.offset) }
            .map { tensor throws(ConversionError) in
                let destinations = destinations[tensor.name] ?? []
                let importance = try Self.importance(of: tensor, becoming: destinations, options: options)
                return Task(
                    tensor: tensor,
                    destinations: destinations,
                    importance: importance,
                    step: Self.step(of: tensor, isWeighted: importance != nil)
                )
            }
        total = tasks.reduce(0) { $0 + $1.tensor.size }
    }

    private static func importance(
        of tensor: SourceTensor,
        becoming destinations: [Destination],
        options: QuantizationOptions
    ) throws(ConversionError) -> ImportanceMatrix.Entry? {
        guard destinations.contains(where: { $0.type != tensor.type }),
            let entry = options.importance?.entries[tensor.name]
        else { return nil }
        let expected = tensor.columns * tensor.experts
        if entry.count == expected { return entry }
        // Those of the embedding were never measured, and are known to be of another size.
        if TensorRole(tensor.name) == .tokenEmbedding { return nil }
        throw .importanceSize(tensor: tensor.name, expected: expected, found: entry.count)
    }

    /// With weights a piece is whole rows of one expert; without, rows are nothing special.
    private static func step(of tensor: SourceTensor, isWeighted: Bool) -> Int {
        guard isWeighted else { return usualPiece }
        let rows = max(1, usualPiece / max(1, tensor.columns))
        return tensor.columns * min(rows, max(1, tensor.rowsOfExpert))
    }

    /// The next piece; `nil` if there is no more.
    func next(_ cursor: inout Cursor) -> Piece? {
        while cursor.task < tasks.count {
            let task = tasks[cursor.task]
            if cursor.element < task.tensor.elements {
                var end = min(cursor.element + task.step, task.tensor.elements)
                if task.importance != nil {
                    let expert = task.tensor.columns * task.tensor.rowsOfExpert
                    end = min(end, (cursor.element / expert + 1) * expert)
                }
                defer { cursor.element = end }
                return Piece(task: task, range: cursor.element..<end)
            }
            cursor.task += 1
            cursor.element = 0
        }
        return nil
    }
}

extension SourceTensor {
    /// The number of matrices of which it is a stack.
    var experts: Int { shape.dropFirst(2).reduce(1, *) }
    /// The rows of one of them.
    var rowsOfExpert: Int { shape.count > 1 ? shape[1] : 1 }
}
