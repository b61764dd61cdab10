import Catalog
import Conversion
import Platform
import SystemPackage

/// A model that was read as far as is needed to know what will become of it; no weight was read yet.
struct OpenedConversion: Sendable {
    /// What it is made of.
    private enum Contents: Sendable {
        case folder(HuggingFaceModel)
        case gguf(Conversion.GGUFSource)
    }

    private let contents: Contents
    private let options: ConvertOptions
    private let quantization: QuantizationOptions
    /// The type of the source's own weights; unknown for a GGUF.
    let usual: QuantizationTarget?

    init(_ source: ConversionSource, _ options: ConvertOptions, _ report: Reporter) throws(Failure) {
        self.options = options
        do throws(ConversionError) {
            quantization = options.quantization(
                try options.importance.map { path throws(ConversionError) in try ImportanceMatrix(path) }
            )
        } catch { throw Failure(error) }
        switch source.format {
        case .safetensors:
            let card = ModelCard.read(in: source.folder, report)
            do throws(HuggingFaceError) {
                let model = try HuggingFaceModel(
                    source.folder,
                    name: source.originalName,
                    card: card,
                    preTokenizer: options.preTokenizer
                )
                for notice in model.notices { report(.warning(notice.words)) }
                usual = QuantizationTarget(name: model.usualType.rawValue)
                contents = .folder(model)
            } catch { throw Failure(folder: error, named: source.folder.string) }
        case .gguf:
            usual = nil
            do throws(ConversionError) { contents = .gguf(try Conversion.GGUFSource(source.ggufs)) } catch {
                throw Failure(error)
            }
        }
    }

    /// The weights are written once for each of these.
    struct Pass: Sendable {
        fileprivate enum Work: Sendable {
            case converting(Converter)
            case quantizing(Quantizer)
        }

        fileprivate let work: Work
        let targets: [QuantizationTarget]
        /// The size of the file of each target.
        let sizes: [ByteCount]
    }

    /// What must be done for some targets: all quantizations are made in one pass over the weights, and what llama.cpp's
    /// converter writes is written as it does.
    func passes(for targets: [QuantizationTarget]) throws(Failure) -> [Pass] {
        do {
            switch contents {
            case .gguf(let source): return [try pass(source, targets)]
            case .folder(let model):
                var passes = try targets.compactMap { target in
                    try target.plainType.map { try pass(model, target, $0) }
                }
                let quantized = targets.filter { $0.plainType == nil }
                if !quantized.isEmpty { passes.append(try pass(HuggingFaceSource(model), quantized)) }
                return passes
            }
        } catch { throw Failure(error) }
    }

    private func pass(_ model: HuggingFaceModel, _ target: QuantizationTarget, _ type: ConversionType)
        throws(HuggingFaceError) -> Pass
    {
        let converter = try Converter(model, to: type, workers: options.threads)
        return Pass(work: .converting(converter), targets: [target], sizes: converter.sizes)
    }

    private func pass(_ source: any TensorSource, _ targets: [QuantizationTarget]) throws(ConversionError)
        -> Pass
    {
        let quantizer = Quantizer(source, options: quantization, workers: options.threads)
        let outputs = targets.map { QuantizationOutput($0, paths: [""]) }
        return Pass(work: .quantizing(quantizer), targets: targets, sizes: try quantizer.sizes(of: outputs))
    }
}

extension OpenedConversion.Pass {
    /// Writes a file for each target; tells how many tensors of each got another type than they should have, since
    /// their rows did not fit.
    func run(
        to paths: [FilePath],
        _ progress: @escaping @Sendable (QuantizationProgress) -> Void
    ) async throws -> [Int] {
        do {
            return try await stoppableBlocking { isCancelled in
                switch work {
                case .converting(let converter):
                    try converter.run(paths, isCancelled: isCancelled, progress: progress)
                    return targets.map { _ in 0 }
                case .quantizing(let quantizer):
                    let outputs = zip(targets, paths).map { QuantizationOutput($0, paths: [$1]) }
                    let results = try quantizer.run(outputs, isCancelled: isCancelled, progress: progress)
                    return results.map(\.fallbacks)
                }
            }
        } catch { throw Failure(error) }
    }
}

extension ConversionNotice {
    /// What to tell about it.
    fileprivate var words: String {
        switch self {
        case .similarTokenizer(let name, let hash):
            "this tokenizer is none that is known\(hash.map { " (\($0.prefix(12)))" } ?? ""): it finds words in the same "
                + "steps as `\(name)` and was taken for it; `--pre NAME` says that it is another"
        }
    }
}
