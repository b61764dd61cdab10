import Catalog
import Conversion
import Platform
import SystemPackage

/// What llama.cpp's tools are to make of a model.
struct ToolConversion: Sendable {
    enum Source: Sendable {
        /// The files of a GGUF.
        case gguf([FilePath])
        /// A folder as the hub has it by its name, and what it is made into before it can be quantized.
        case folder([ContainerTools.Given], name: String, between: QuantizationTarget?)
    }

    private let tools: ContainerTools
    private let source: Source
    private let size: ByteCount
    private let options: ConvertOptions
    let targets: [QuantizationTarget]

    /// Describes the work; `size` is that of the source, in which progress is told.
    init(
        _ tools: ContainerTools,
        _ source: Source,
        size: ByteCount,
        _ targets: [QuantizationTarget],
        _ options: ConvertOptions
    ) {
        (self.tools, self.source, self.size, self.targets, self.options) = (
            tools, source, size, targets, options
        )
    }

    /// Writes a file for each target, which will be in another place in the end.
    func run(
        to paths: [FilePath],
        for outputs: [FilePath],
        _ progress: @escaping @Sendable (_ done: ByteCount, _ total: ByteCount) -> Void
    )
        async throws
    {
        var steps = Steps(of: targets.count, size, progress)
        switch source {
        case .gguf(let files): try await quantize(files, to: paths, for: outputs, &steps)
        case .folder(let files, let name, nil):
            for (target, (path, output)) in zip(targets, zip(paths, outputs)) {
                try await tools.convert(files, named: name, to: target, at: path, for: output, steps.next())
            }
        case .folder(let files, let name, let between?):
            guard let first = paths.first, let output = outputs.first else { return }
            steps = Steps(of: targets.count + 1, size, progress)
            let file = FilePath("\(first).between.gguf")
            defer { try? FileSystem.remove(file) }
            try await tools.convert(files, named: name, to: between, at: file, for: output, steps.next())
            try await quantize([file], to: paths, for: outputs, &steps)
        }
    }

    private func quantize(
        _ files: [FilePath],
        to paths: [FilePath],
        for outputs: [FilePath],
        _ steps: inout Steps
    ) async throws {
        for (target, (path, output)) in zip(targets, zip(paths, outputs)) {
            try await tools.quantize(files, to: target, at: path, for: output, options, steps.next())
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

extension QuantizationTarget {
    /// About what a file with so many weights takes.
    func size(ofParameters parameters: Int) -> ByteCount {
        let bits = Quantization(parsing: rawValue)?.approximateBitsPerWeight ?? 16
        return ByteCount(Int64(exactly: (Double(parameters) / 8 * bits).rounded()) ?? .max)
    }
}
