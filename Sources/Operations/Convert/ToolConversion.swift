import Catalog
import Conversion
import Platform
import SystemPackage

/// What an engine's own tools are to make of a model.
struct ToolConversion: Sendable {
    enum Source: Sendable {
        /// A GGUF in its files, which is read here too.
        case gguf(Conversion.GGUFSource, [FilePath])
        /// A folder as the hub has it by its name, and what it is made into before it can be quantized.
        case folder([ContainerTools.Given], name: String, between: QuantizationTarget?)
    }

    private let tools: ContainerTools
    private let source: Source
    private let size: ByteCount
    private let options: ConvertOptions
    /// The same for the checks.
    private let quantization: QuantizationOptions
    let targets: [TargetForm]

    /// Describes the work; `size` is that of the source, in which progress is told.
    init(
        _ tools: ContainerTools,
        _ source: Source,
        size: ByteCount,
        _ targets: [TargetForm],
        _ options: ConvertOptions,
        _ quantization: QuantizationOptions
    ) {
        (self.tools, self.source, self.size, self.targets) = (tools, source, size, targets)
        (self.options, self.quantization) = (options, quantization)
    }

    /// The same for some of the targets.
    func only(_ targets: [TargetForm]) -> ToolConversion {
        ToolConversion(tools, source, size: size, targets, options, quantization)
    }

    /// Writes a file or folder for each target, which will be in another place in the end.
    func run(
        to paths: [FilePath],
        for outputs: [FilePath],
        _ progress: @escaping @Sendable (_ done: ByteCount, _ total: ByteCount) -> Void
    )
        async throws
    {
        var steps = Steps(of: targets.count, size, progress)
        switch source {
        case .gguf(let source, let files):
            try await quantize(source, in: files, to: paths, for: outputs, &steps)
        case .folder(let files, let name, nil):
            for (target, (path, output)) in zip(targets, zip(paths, outputs)) {
                let step = steps.next()
                guard target.format == .gguf, let type = target.native else {
                    try await tools.makeUQFF(
                        files,
                        named: name,
                        to: target,
                        at: path,
                        for: output,
                        options,
                        step
                    )
                    continue
                }
                try await tools.convert(files, named: name, to: type, at: path, for: output, step)
                try await checkNumbers(of: path)
            }
        case .folder(let files, let name, let between?):
            guard let first = paths.first, let output = outputs.first else { return }
            steps = Steps(of: targets.count + 1, size, progress)
            let file = FilePath("\(first).between.gguf")
            defer { try? FileSystem.remove(file) }
            try await tools.convert(files, named: name, to: between, at: file, for: output, steps.next())
            let source = try await stoppableBlocking { _ in try Conversion.GGUFSource([file]) }
            try await quantize(source, in: [file], to: paths, for: outputs, &steps)
        }
    }

    /// Quantizes what has no bad number, and compares what has come of it.
    private func quantize(
        _ source: Conversion.GGUFSource,
        in files: [FilePath],
        to paths: [FilePath],
        for outputs: [FilePath],
        _ steps: inout Steps
    ) async throws {
        let quantizer = Quantizer(source, options: quantization, workers: options.threads)
        try await stoppableBlocking { try quantizer.checkNumbers(isCancelled: $0) }
        for (target, (path, output)) in zip(targets, zip(paths, outputs)) {
            try await tools.quantize(files, to: target, at: path, for: output, options, steps.next())
            try await stoppableBlocking { try quantizer.check(path, isCancelled: $0) }
        }
    }

    private func checkNumbers(of path: FilePath) async throws {
        let workers = options.threads
        try await stoppableBlocking {
            try Quantizer(try Conversion.GGUFSource([path]), workers: workers).checkNumbers(isCancelled: $0)
        }
    }
}

/// Runs one after another, told as one: each is the same part of a whole that has no better measure.
private struct Steps {
    private let count: Int
    private let size: ByteCount
    private let progress: @Sendable (ByteCount, ByteCount) -> Void
    private var begun = 0

    init(of count: Int, _ size: ByteCount, _ progress: @escaping @Sendable (ByteCount, ByteCount) -> Void) {
        (self.count, self.size, self.progress) = (count, size, progress)
    }

    mutating func next() -> @Sendable (Double) -> Void {
        defer { begun += 1 }
        return { [begun, count, size, progress] part in
            // What a tool writes may say anything.
            guard part.isFinite else { return }
            let done = (Double(begun) + min(max(part, 0), 1)) / Double(count)
            progress(ByteCount(Int64(done * Double(size.bytes))), size)
        }
    }
}
