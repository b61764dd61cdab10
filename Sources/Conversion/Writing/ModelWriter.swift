import Formats
public import Platform
import Synchronization
import SystemPackage

/// How far the writing of a model is.
public struct QuantizationProgress: Sendable, Equatable {
    /// How much of the source was read.
    public let done: ByteCount
    /// The size of all tensors of the source.
    public let total: ByteCount
}

/// Writes the files of a model, whatever its tensors become there, in one pass over its source.
struct ModelWriter: Sendable {
    private let source: any TensorSource
    private let options: QuantizationOptions
    private let workers: Int
    private let kernels = Kernels.fastest

    /// Prepares to write; `workers` threads share the work, one for each core unless told otherwise.
    init(_ source: any TensorSource, options: QuantizationOptions = .init(), workers: Int?) {
        self.source = source
        self.options = options
        self.workers = max(1, workers ?? Machine.processors)
    }

    /// Writes all files, waits until they are on the disk, and checks them as they are there.
    func run(
        _ files: [PlannedFile],
        isCancelled: @escaping @Sendable () -> Bool,
        progress: @escaping @Sendable (QuantizationProgress) -> Void
    ) throws(ConversionError) {
        let written = try files.map { file throws(ConversionError) in try WrittenFile(file) }
        let work = try WritingWork(source, files: written, options: options)
        let state = Mutex(State(total: work.total))
        concurrently(workers) { _ in
            let worker = WritingWorker(source, options: options, kernels: kernels)
            while let piece = state.withLock({ $0.next(of: work, isCancelled: isCancelled()) }) {
                do throws(ConversionError) {
                    try worker.process(piece, into: written)
                    let (done, isMuch) = state.withLock { $0.finish(piece) }
                    if let done { progress(done) }
                    if isMuch { for file in written { file.file.startSynchronizing() } }
                } catch {
                    state.withLock { $0.failure = $0.failure ?? error }
                }
            }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        for file in written { try refusable { () throws(SystemError) in try file.file.synchronize() } }
        let check = WrittenCheck(source, options: options, kernels: kernels)
        for file in files { try check.run(file) }
    }
}

/// What the workers share.
private struct State: Sendable {
    private var cursor = WritingWork.Cursor()
    private var done: Int64 = 0
    private var told: Int64 = 0
    private var handedOver: Int64 = 0
    private let total: Int64
    var failure: ConversionError?

    init(total: Int64) { self.total = total }

    /// The next piece, unless all is done or something is wrong.
    mutating func next(of work: WritingWork, isCancelled: Bool) -> WritingWork.Piece? {
        if isCancelled, failure == nil { failure = .cancelled }
        guard failure == nil else { return nil }
        return work.next(&cursor)
    }

    /// Counts a piece; tells how far it is if that was not told for a while, and whether there is much that the disk
    /// may begin with.
    mutating func finish(_ piece: WritingWork.Piece) -> (progress: QuantizationProgress?, isMuch: Bool) {
        done += piece.size
        let isMuch = done - handedOver >= 64 << 20
        if isMuch { handedOver = done }
        guard done == total || done - told >= max(1 << 20, total / 1000) else { return (nil, isMuch) }
        told = done
        return (QuantizationProgress(done: ByteCount(done), total: ByteCount(total)), isMuch)
    }
}

/// A file that is being written.
struct WrittenFile: Sendable {
    let plan: PlannedFile
    let file: File

    /// Makes the file with its header and its whole length; what was there is gone.
    init(_ plan: PlannedFile) throws(ConversionError) {
        self.plan = plan
        file = try refusable { () throws(SystemError) in
            let file = try File(plan.path, .update)
            try file.truncate(to: 0)
            // A disk that is too small is known now and not after hours.
            _ = try file.reserve(ByteCount(plan.size))
            try file.write(plan.header(), at: 0)
            try file.truncate(to: ByteCount(plan.size))
            return file
        }
    }
}
