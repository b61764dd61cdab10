import Formats
public import Platform
import Synchronization
public import SystemPackage

/// Makes a GGUF of a model of the hub.
public struct Converter: Sendable {
    private let source: HuggingFaceSource
    private let files: [ConvertedFile]
    private let workers: Int

    /// Prepares to convert a model.
    ///
    /// With `tensorsOfFile` it is written to files of so many tensors each; `workers` threads share the work, one for
    /// each core unless told otherwise.
    public init(
        _ model: HuggingFaceModel,
        to type: ConversionType,
        tensorsOfFile: Int? = nil,
        workers: Int? = nil
    ) throws(HuggingFaceError) {
        let type = model.resolved(type)
        let source = HuggingFaceSource(model.tensors, metadata: try model.metadata(type), as: type)
        self.init(source, tensorsOfFile: tensorsOfFile, workers: workers)
    }

    init(_ source: HuggingFaceSource, tensorsOfFile: Int? = nil, workers: Int? = nil) {
        self.source = source
        self.workers = max(1, workers ?? Machine.processors)
        let all = source.tensors
        let step = max(1, tensorsOfFile ?? all.count)
        let starts = Array(stride(from: 0, to: all.count, by: step))
        files = starts.enumerated().map { number, start in
            var keys = number == 0 ? source.metadata : []
            if starts.count > 1 { keys += Self.splitKeys(number, of: starts.count, tensors: all.count) }
            return ConvertedFile(Array(all[start..<min(start + step, all.count)]), keys: keys)
        }
    }

    /// How many files it is written to.
    public var fileCount: Int { files.count }

    /// The sizes that the files will have.
    public var sizes: [ByteCount] { files.map { ByteCount($0.size) } }

    private static func splitKeys(_ number: Int, of count: Int, tensors: Int) -> [MetadataEntry] {
        var keys = HeaderKeys()
        keys.set("split.no", .uint16(UInt16(clamping: number)))
        keys.set("split.count", .uint16(UInt16(clamping: count)))
        keys.set("split.tensors.count", .int32(Int32(clamping: tensors)))
        return keys.entries
    }

    /// Writes the files, one for each path, waits until they are on the disk, and checks them as they are there.
    ///
    /// `progress` is told now and then how far it is, from any thread; `isCancelled` is asked before each piece. What
    /// was written when something goes wrong is left where it is.
    public func run(
        _ paths: [FilePath],
        isCancelled: @escaping @Sendable () -> Bool = { false },
        progress: @escaping @Sendable (QuantizationProgress) -> Void = { _ in }
    ) throws(ConversionError) {
        precondition(paths.count == files.count, "there is a path for each file")
        let opened = try zip(files, paths).map { plan, path throws(ConversionError) in try plan.open(path) }
        let state = Mutex(Work(files))
        concurrently(workers) { _ in
            while let piece = state.withLock({ $0.next(isCancelled: isCancelled()) }) {
                do throws(ConversionError) {
                    try write(piece, to: opened[piece.file])
                    if let told = state.withLock({ $0.finish(piece) }) { progress(told) }
                } catch {
                    state.withLock { $0.failure = $0.failure ?? error }
                }
            }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        for (file, plan) in zip(opened, files) {
            try refusable { () throws(SystemError) in try file.synchronize() }
            try plan.check(file, against: source)
        }
    }

    private func write(_ piece: Work.Piece, to file: File) throws(ConversionError) {
        let tensor = piece.place.tensor
        let start = piece.place.offset + (tensor.type.byteCount(elements: piece.range.lowerBound) ?? 0)
        try source.withElements(piece.range, of: tensor) { bytes throws(ConversionError) in
            guard Kernels.fastest.isFinite(tensor.type, bytes) else { throw .notFinite(tensor: tensor.name) }
            try refusable { () throws(SystemError) in try file.write(bytes.bytes, at: start) }
        }
    }
}

/// All that is to be written, in pieces of a bounded size.
private struct Work: Sendable {
    struct Piece: Sendable {
        let file: Int
        let place: ConvertedFile.Place
        let range: Range<Int>
        let size: Int64
    }

    /// What a piece needs in memory stays in the cache of a core.
    private static let elements = 64 << 10

    private let files: [ConvertedFile]
    private var file = 0
    private var tensor = 0
    private var element = 0
    private var done: Int64 = 0
    private var told: Int64 = 0
    private let total: Int64
    var failure: ConversionError?

    init(_ files: [ConvertedFile]) {
        self.files = files
        total = files.reduce(0) { $0 + $1.places.reduce(0) { $0 + $1.tensor.size } }
    }

    /// The next piece, unless all is done or something is wrong.
    mutating func next(isCancelled: Bool) -> Piece? {
        if isCancelled, failure == nil { failure = .cancelled }
        guard failure == nil else { return nil }
        while file < files.count {
            guard tensor < files[file].places.count else {
                file += 1
                tensor = 0
                continue
            }
            let place = files[file].places[tensor]
            guard element < place.tensor.elements else {
                tensor += 1
                element = 0
                continue
            }
            let range = element..<min(element + Self.elements, place.tensor.elements)
            element = range.upperBound
            let size = place.tensor.type.byteCount(elements: range.count) ?? 0
            return Piece(file: file, place: place, range: range, size: size)
        }
        return nil
    }

    /// Counts a piece; tells how far it is if that was not told for a while.
    mutating func finish(_ piece: Piece) -> QuantizationProgress? {
        done += piece.size
        guard done == total || done - told >= max(1 << 20, total / 1000) else { return nil }
        told = done
        return QuantizationProgress(done: ByteCount(done), total: ByteCount(total))
    }
}
