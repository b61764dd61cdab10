public import Formats
public import Platform
public import SystemPackage

/// A target and the files that it is written to.
public struct QuantizationOutput: Sendable, Equatable {
    /// The target.
    public let target: QuantizationTarget
    /// One path, or one for each of the source's files if they are kept; what lies there is replaced.
    public let paths: [FilePath]

    /// States an output.
    public init(_ target: QuantizationTarget, paths: [FilePath]) {
        self.target = target
        self.paths = paths
    }
}

/// What has become of a target.
public struct QuantizationResult: Sendable, Equatable {
    /// The target.
    public let target: QuantizationTarget
    /// The size of the tensors before.
    public let sizeBefore: ByteCount
    /// The size of the tensors now.
    public let sizeAfter: ByteCount
    /// The bits that a weight takes on average.
    public let bitsPerWeight: Double
    /// How many tensors got another type than they should have since their rows did not fit.
    public let fallbacks: Int
    /// How many tensors the importance matrix has no weights for.
    public let unweighted: Int
}

/// What a target will become, all but where.
public struct QuantizationPlan: Sendable {
    fileprivate let output: OutputPlan

    /// The target.
    public var target: QuantizationTarget { output.target }
    /// The size that its files will have.
    public var size: ByteCount { ByteCount(output.files.reduce(0) { $0 + $1.size }) }
}

/// Quantizes a model, to several targets in one pass over its source.
public struct Quantizer: Sendable {
    private let source: any TensorSource
    private let options: QuantizationOptions
    private let workers: Int?

    /// Prepares to quantize; `workers` threads share the work, one for each core unless told otherwise.
    public init(_ source: any TensorSource, options: QuantizationOptions = .init(), workers: Int? = nil) {
        self.source = source
        self.options = options
        self.workers = workers
    }

    /// Settles what a target will become, without writing anything.
    public func plan(_ target: QuantizationTarget) throws(ConversionError) -> QuantizationPlan {
        QuantizationPlan(output: try OutputPlan(target, of: source, options: options))
    }

    /// The types that the tensors will have for a target, without writing anything.
    public func types(for target: QuantizationTarget) throws(ConversionError) -> [String: TensorType] {
        let tensors = try plan(target).output.files.flatMap(\.tensors)
        return Dictionary(tensors.map { ($0.source.name, $0.type) }) { first, _ in first }
    }

    /// How many files each target is written to.
    public var fileCount: Int { options.keepsSplits ? source.files : 1 }

    /// Writes all outputs, waits until they are on the disk, and checks them as they are there.
    ///
    /// `progress` is told now and then how far it is, from any thread; `isCancelled` is asked before each piece. What
    /// was written when something goes wrong is left where it is.
    public func run(
        _ outputs: [QuantizationOutput],
        isCancelled: @escaping @Sendable () -> Bool = { false },
        progress: @escaping @Sendable (QuantizationProgress) -> Void = { _ in }
    ) throws(ConversionError) -> [QuantizationResult] {
        let plans = try outputs.map { output throws(ConversionError) in
            (plan: try plan(output.target), paths: output.paths)
        }
        return try run(plans, isCancelled: isCancelled, progress: progress)
    }

    /// Writes what was planned to paths, in the same way.
    public func run(
        _ outputs: [(plan: QuantizationPlan, paths: [FilePath])],
        isCancelled: @escaping @Sendable () -> Bool = { false },
        progress: @escaping @Sendable (QuantizationProgress) -> Void = { _ in }
    ) throws(ConversionError) -> [QuantizationResult] {
        let plans = outputs.map { $0.plan.output.placed(at: $0.paths) }
        try ModelWriter(source, options: options, workers: workers)
            .run(plans.flatMap(\.files), isCancelled: isCancelled, progress: progress)
        return plans.map { result(of: $0) }
    }

    // MARK: What other programs make

    /// Reads the whole source; a number that is infinite or none is an error that names its tensor.
    public func checkNumbers(isCancelled: @escaping @Sendable () -> Bool = { false }) throws(ConversionError)
    {
        try ModelWriter(source, options: options, workers: workers).run([], isCancelled: isCancelled) { _ in }
    }

    /// Checks a file that another program has made of the source: its structure, its numbers, and samples of its content.
    ///
    /// Of a tensor whose type is not known here only the place and the size are checked.
    public func check(_ path: FilePath, isCancelled: @escaping @Sendable () -> Bool = { false })
        throws(ConversionError)
    {
        let made = try GGUFSource([path])
        do throws(ConversionError) {
            try Quantizer(made, workers: workers).checkNumbers(isCancelled: isCancelled)
        } catch {
            guard case .notFinite(let name) = error,
                let type = made.tensors.first(where: { $0.name == name })?.type
            else { throw error }
            // The source was finite.
            throw .outOfRange(tensor: name, type: type)
        }
        try WrittenCheck(source, options: options, kernels: .fastest).run(made, at: path)
    }

    /// Refuses to quantize what is quantized already, whatever to, unless that is allowed.
    public func refuseRequantizing() throws(ConversionError) {
        guard !options.allowsRequantizing,
            let tensor = source.tensors.first(where: { $0.type.blockElements > 1 })
        else { return }
        throw .requantizing(tensor: tensor.name, type: tensor.type)
    }

    private func result(of plan: OutputPlan) -> QuantizationResult {
        let tensors = plan.files.flatMap(\.tensors)
        let size = tensors.reduce(0) { $0 + $1.size }
        let weights = tensors.reduce(0) { $0 + $1.source.elements }
        return QuantizationResult(
            target: plan.target,
            sizeBefore: ByteCount(tensors.reduce(0) { $0 + $1.source.size }),
            sizeAfter: ByteCount(size),
            bitsPerWeight: weights == 0 ? 0 : Double(size) * 8 / Double(weights),
            fallbacks: plan.fallbacks,
            unweighted: plan.unweighted
        )
    }
}
