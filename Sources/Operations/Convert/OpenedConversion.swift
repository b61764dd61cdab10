import Catalog
import Conversion
import Formats
import Platform
import SystemPackage

/// A model that was read as far as is needed to know what will become of it; no weight was read yet.
struct OpenedConversion: Sendable {
    /// What it is made of.
    private enum Contents: Sendable {
        case folder(HuggingFaceModel)
        case gguf(Conversion.GGUFSource)
        /// What only other tools are to read, with its name and what is known of it.
        case foreign([ContainerTools.Given], name: String, parameters: Int, SizeEstimate)
    }

    private let contents: Contents
    private let options: ConvertOptions
    private let quantization: QuantizationOptions
    /// What converts it in place of stackctl itself.
    private let tools: ContainerTools?
    private let ggufs: [FilePath]
    private let size: ByteCount
    /// The type of the source's own weights; unknown for a GGUF.
    let usual: QuantizationTarget?

    init(
        _ source: ConversionSource,
        _ options: ConvertOptions,
        tools: ContainerTools?,
        _ report: Reporter
    ) throws(Failure) {
        self.options = options
        self.tools = tools
        ggufs = source.ggufs
        size = source.size
        do throws(ConversionError) {
            quantization = options.quantization(
                try options.importance.map { path throws(ConversionError) in try ImportanceMatrix(path) }
            )
        } catch { throw Failure(error) }
        switch source.format {
        case .safetensors where tools != nil:
            (contents, usual) = try Self.foreign(source)
        case .safetensors:
            let card = ModelCard.read(in: source.folder, report)
            do throws(HuggingFaceError) {
                let model = try HuggingFaceModel(
                    source.folder,
                    name: source.originalName,
                    card: card,
                    preTokenizer: options.preTokenizer?.name
                )
                for notice in model.notices { report(.warning(notice.words)) }
                usual = QuantizationTarget(name: model.usualType.rawValue)
                contents = .folder(model)
            } catch { throw Failure(folder: error, named: source.folder.string) }
        case .gguf:
            usual = nil
            guard options.format == .gguf else {
                throw Failure(
                    .unsupported,
                    "a uqff is made of safetensors, not of a GGUF",
                    hint: "name the model by its repository, or a folder as the hub has them"
                )
            }
            do throws(ConversionError) { contents = .gguf(try Conversion.GGUFSource(source.ggufs)) } catch {
                throw Failure(error)
            }
        case .uqff: throw Failure(.unsupported, "nothing is made of a uqff")
        }
    }

    /// What a folder is to tools that read it themselves, and the type in which llama.cpp's converter takes it by itself.
    private static func foreign(_ source: ConversionSource) throws(Failure) -> (Contents, QuantizationTarget)
    {
        let paths = source.files.map(\.path)
        let facts: ModelFacts
        var tensors: [TensorDescription] = []
        do throws(FormatError) {
            facts = try ModelFacts.read(.safetensors, in: source.folder, files: paths)
            for path in paths where SafetensorsFiles.isWeights(path) {
                tensors += try SafetensorsHeader.read(path.below(source.folder)).tensors
            }
        } catch { throw Failure(error, of: source.folder.string) }
        let contents = Contents.foreign(
            source.files.filter { !$0.path.string.hasSuffix(".py") }
                .map { .init(path: $0.path.below(source.folder), name: $0.path.string) },
            name: source.originalName ?? source.folder.lastComponent?.string ?? source.model,
            parameters: facts.parameters,
            SizeEstimate(tensors, besides: source.files).unpacked(to: facts.parameters)
        )
        return (contents, facts.tensorTypes.contains(.bf16) ? .bf16 : .f16)
    }

    /// The weights are written once for each of these.
    struct Pass: Sendable {
        fileprivate enum Work: Sendable {
            case converting(Converter)
            case quantizing(Quantizer, [QuantizationPlan])
            case tools(ToolConversion)
        }

        fileprivate let work: Work
        let targets: [TargetForm]
        /// The size of the file of each target.
        let sizes: [ByteCount]
        /// The size of what lies in between while it is done.
        var between: ByteCount = 0

        /// As much of it as is needed for some targets; `nil` if that is nothing.
        func only(_ wanted: [TargetForm]) -> Pass? {
            let kept = self.targets.indices.filter { wanted.contains(self.targets[$0]) }
            guard !kept.isEmpty else { return nil }
            let targets = kept.map { self.targets[$0] }
            let part: Work =
                switch work {
                case .converting: work
                case .quantizing(let quantizer, let plans): .quantizing(quantizer, kept.map { plans[$0] })
                case .tools(let conversion): .tools(conversion.only(targets))
                }
            return Pass(work: part, targets: targets, sizes: kept.map { sizes[$0] }, between: between)
        }
    }

    /// The number of weights, where nobody here reads them.
    var foreignParameters: Int? {
        guard case .foreign(_, _, let parameters, _) = contents else { return nil }
        return parameters
    }

    /// What must be done for some targets: all quantizations are made in one pass over the weights, and what llama.cpp's
    /// converter writes is written as it does.
    func passes(for targets: [TargetForm]) throws(Failure) -> [Pass] {
        let direct = targets.filter(options.isDirect)
        let quantized = targets.filter { !options.isDirect($0) }
        do {
            switch contents {
            case .gguf(let source):
                guard let tools else { return [try pass(source, targets)] }
                let work = ToolConversion.Source.gguf(source, ggufs)
                return [pass(tools, work, targets, try sizes(of: targets, made: source))]
            case .foreign(let files, let name, _, let estimate):
                let folder = (files: files, name: name)
                let single = direct.map { pass(folder, [$0], estimate) }
                return quantized.isEmpty ? single : single + [pass(folder, quantized, estimate)]
            case .folder(let model):
                let single = try direct.compactMap { target in
                    try options.converted(target).map { try pass(model, target, $0) }
                }
                return quantized.isEmpty ? single : single + [try pass(HuggingFaceSource(model), quantized)]
            }
        } catch { throw Failure(error) }
    }

    private func pass(_ model: HuggingFaceModel, _ target: TargetForm, _ type: ConversionType)
        throws(HuggingFaceError) -> Pass
    {
        let converter = try Converter(model, to: type, workers: options.threads)
        return Pass(work: .converting(converter), targets: [target], sizes: converter.sizes)
    }

    private func pass(_ source: any TensorSource, _ targets: [TargetForm]) throws -> Pass {
        try options.checkNative(targets)
        let quantizer = Quantizer(source, options: quantization, workers: options.threads)
        let plans = try targets.compactMap(\.native).map(quantizer.plan)
        return Pass(work: .quantizing(quantizer, plans), targets: targets, sizes: plans.map(\.size))
    }

    // MARK: By other tools

    /// The sizes are about those that the files will have.
    private func pass(
        _ folder: (files: [ContainerTools.Given], name: String),
        _ targets: [TargetForm],
        _ estimate: SizeEstimate
    ) -> Pass {
        let between = targets.allSatisfy(options.isDirect) ? nil : usual ?? .bf16
        let source = ToolConversion.Source.folder(folder.files, name: folder.name, between: between)
        guard let tools else { preconditionFailure("what is foreign has tools") }
        var pass = pass(tools, source, targets, targets.map(estimate.size))
        pass.between = between.map { estimate.size(of: TargetForm($0)) } ?? 0
        return pass
    }

    private func pass(
        _ tools: ContainerTools,
        _ source: ToolConversion.Source,
        _ targets: [TargetForm],
        _ sizes: [ByteCount]
    ) -> Pass {
        let conversion = ToolConversion(tools, source, size: size, targets, options, quantization)
        return Pass(work: .tools(conversion), targets: targets, sizes: sizes)
    }

    /// The sizes that files of a GGUF's weights will have; about that where their types are not known here.
    private func sizes(of targets: [TargetForm], made source: Conversion.GGUFSource) throws -> [ByteCount] {
        let quantizer = Quantizer(source, options: quantization, workers: options.threads)
        try quantizer.refuseRequantizing()
        let estimate = SizeEstimate(source)
        return try targets.map { target in
            guard let native = target.native else { return estimate.size(of: target) }
            do throws(ConversionError) { return try quantizer.plan(native).size } catch {
                guard error.isOnlyUnknownHere else { throw error }
                return estimate.size(of: target)
            }
        }
    }
}

extension OpenedConversion.Pass {
    /// Writes a file for each target; tells what there is to say of the quantized ones.
    func run(
        to paths: [FilePath],
        for outputs: [FilePath],
        _ progress: @escaping @Sendable (_ done: ByteCount, _ total: ByteCount) -> Void
    ) async throws -> [QuantizationResult] {
        if case .tools(let conversion) = work {
            try await conversion.run(to: paths, for: outputs, progress)
            return []
        }
        let progress = { @Sendable (state: QuantizationProgress) in progress(state.done, state.total) }
        do {
            return try await stoppableBlocking { isCancelled in
                switch work {
                case .converting(let converter):
                    try converter.run(paths, isCancelled: isCancelled, progress: progress)
                    return []
                case .quantizing(let quantizer, let plans):
                    let outputs = zip(plans, paths).map { (plan: $0, paths: [$1]) }
                    return try quantizer.run(outputs, isCancelled: isCancelled, progress: progress)
                case .tools: preconditionFailure("tools do not block")
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
