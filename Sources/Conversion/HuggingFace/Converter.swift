import Formats
public import Platform
public import SystemPackage

/// Makes a GGUF of a model of the hub.
public struct Converter: Sendable {
    private let source: HuggingFaceSource
    private let files: [PlannedFile]
    private let workers: Int?

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
        self.workers = workers
        let all = source.tensors
        let step = max(1, tensorsOfFile ?? all.count)
        let starts = Array(stride(from: 0, to: all.count, by: step))
        files = starts.enumerated().map { number, start in
            var metadata = OutputMetadata(number == 0 ? source.metadata : [])
            if starts.count > 1 { metadata.addSplit(number, of: starts.count, tensors: all.count) }
            let own = all[start..<min(start + step, all.count)]
            return PlannedFile("", metadata, own.map { ($0, $0.type) }, keepsDimensions: true)
        }
    }

    /// How many files it is written to.
    public var fileCount: Int { files.count }

    /// The sizes that the files will have.
    public var sizes: [ByteCount] { files.map { ByteCount($0.size) } }

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
        let placed = zip(files, paths).map { file, path in
            var file = file
            file.path = path
            return file
        }
        try ModelWriter(source, workers: workers).run(placed, isCancelled: isCancelled, progress: progress)
    }
}
