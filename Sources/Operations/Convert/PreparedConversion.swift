import Catalog
import Conversion
import FoundationEssentials
import Platform
import Store
import SystemPackage

/// A conversion of which everything is known but the weights.
struct PreparedConversion: Sendable {
    let source: ConversionSource
    let targets: [TargetForm]
    /// What must be done for all of them.
    private let passes: [OpenedConversion.Pass]
    /// The number of weights, where nobody here reads them.
    let foreignParameters: Int?
    let place: ConversionPlace
    let model: String
    let stack: Stack
    let options: ConvertOptions
    /// The image with the tools that convert it, if they do.
    let image: ToolImage?
    /// What the source was before anything of it was read.
    let states: [FileStatus.Version?]

    init(
        _ source: ConversionSource,
        _ options: ConvertOptions,
        _ stack: Stack,
        _ store: ModelStore,
        tools: ContainerTools?,
        _ report: Reporter
    ) throws(Failure) {
        self.source = source
        image = tools?.image
        self.options = options
        self.stack = stack
        do throws(SystemError) { states = try source.states() } catch { throw Failure(system: error) }
        model = options.name ?? source.model
        let opened = try OpenedConversion(source, options, tools: tools, report)
        foreignParameters = opened.foreignParameters
        targets = try options.resolvedTargets(usual: opened.usual)
        if tools == nil { try options.checkNative(targets) }
        if let output = options.output {
            place = try ConversionOutput(output, options, model).place(for: targets, besides: states)
        } else {
            do throws(StoreError) { try store.refuseOtherSpelling(of: model) } catch {
                throw Failure(store: error)
            }
            place = .volume(store, model: model)
        }
        // What cannot be made is refused before anything is locked or hashed.
        passes = try opened.passes(for: targets)
        try refuseSelf()
    }

    /// A model is not made of itself: what it was made of would be gone.
    private func refuseSelf() throws(Failure) {
        guard options.force, case .stored(let stored) = source.place,
            case .volume(let store, let model) = place,
            stored.layout == store.layout, stored.key.model.lowercased() == model.lowercased(),
            source.format == .gguf, let target = targets.first(where: { $0.quant == stored.key.quant })
        else { return }
        throw Failure(
            .conflict,
            "the \(target) of `\(model)` is what would be converted",
            hint: "name another quantization, or another name with `--as NAME`"
        )
    }

    // MARK: Planning

    /// What would be done; nothing is hashed and nothing changed.
    func plan() throws(Failure) -> ConvertPlan {
        do {
            let standing = try targets.filter { try there($0, of: nil) != nil }
            let missing = targets.filter { !standing.contains($0) }
            let passes = passes.compactMap { $0.only(missing) }
            let sizes = Dictionary(
                passes.flatMap { zip($0.targets, $0.sizes) },
                uniquingKeysWith: { first, _ in first }
            )
            return ConvertPlan(
                stack: options.output == nil ? stack.name : nil,
                model: model,
                source: .init(
                    format: source.format.rawValue,
                    quant: source.quant,
                    repository: source.recorded.repository,
                    revision: source.recorded.revision,
                    sizeBytes: source.size,
                    missingBytes: 0
                ),
                targets: try targets.map { target in
                    let stored = try there(target, of: nil)
                    return .init(
                        quant: target.quant,
                        path: try place.path(of: target).string,
                        sizeBytes: sizes[target] ?? stored?.manifest.size ?? 0,
                        wasThere: stored != nil
                    )
                },
                neededBytes: passes.map { $0.sizes.total() + $0.between }.total(),
                freeBytes: try place.free(missing)
            )
        } catch { throw Failure(error) }
    }

    /// The stored model that a target would be, unless it is wanted anew; one that was made in another way is a
    /// conflict.
    ///
    /// Without hashes only the files' lengths are compared.
    private func there(_ target: TargetForm, of read: ReadSource?) throws -> StoredModel? {
        guard !options.force, case .volume(let store, let model) = place else { return nil }
        let key = try ConversionPlace.key(model, target)
        guard let stored = try store.model(key), stored.firstMissingFile == nil else { return nil }
        let conversion = stored.manifest.conversion
        let hasSameOptions =
            conversion?.options ?? [] == options.words(for: target)
            && (read == nil || target.plainType != nil || conversion?.importance == read?.importance)
        let isOfSame = conversion.map { isMadeOfThis($0, read) } ?? true
        guard hasSameOptions, isOfSame else {
            throw Failure.stored(key, isOfSame ? "made with other options" : "made of something else")
        }
        return stored
    }

    private func isMadeOfThis(_ conversion: Manifest.Conversion, _ read: ReadSource?) -> Bool {
        if let read { return conversion.files.map(\.sha256) == read.files.map(\.sha256) }
        return conversion.files.map(\.sizeBytes) == source.files.map(\.size)
    }

    // MARK: Running

    /// Converts; the caller has the right to change the model.
    func run(_ report: @escaping Reporter) async throws -> [ConvertedModel] {
        try plan().checkSpace()
        let read = try await read(report)
        var done: [TargetForm: ConvertedModel] = [:]
        for target in targets {
            if let stored = try there(target, of: read) { done[target] = ConvertedModel(stored, stack) }
        }
        let missing = targets.filter { done[$0] == nil }
        if case .volume(let store, let model) = place {
            for target in missing { try store.refuseForeignFiles(at: ConversionPlace.key(model, target)) }
        }
        for pass in passes.compactMap({ $0.only(missing) }) {
            for outcome in try await ConversionRun(self, pass, read).run(report) {
                done[outcome.target] = outcome.made
            }
        }
        return targets.compactMap { done[$0] }
    }

    private func read(_ report: @escaping Reporter) async throws -> ReadSource {
        // Nothing tells later what a file outside of a volume was made of.
        guard case .volume = place else { return ReadSource(files: [], importance: nil) }
        let files = try await source.hashedFiles(report)
        guard let path = options.importance else { return ReadSource(files: files, importance: nil) }
        let importance = try await cancellableBlocking { checkCancellation in
            try Digest.ofFile(path) { _ in try checkCancellation() }
        }
        return ReadSource(files: files, importance: importance.hex)
    }

    /// What has become of a target.
    func outcome(
        _ target: TargetForm,
        path: FilePath,
        size: ByteCount,
        bitsPerWeight: Double?,
        _ duration: Duration
    ) -> ConvertedModel {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        return ConvertedModel(
            stack: options.output == nil ? stack.name : nil,
            model: model,
            format: target.format.rawValue,
            quant: target.quant,
            path: path.string,
            sizeBytes: size,
            sourceFormat: source.format.rawValue,
            sourceQuant: source.quant,
            sourceBytes: source.size,
            bitsPerWeight: bitsPerWeight,
            seconds: seconds,
            bytesPerSecond: ByteCount(Int64(Double(source.size.bytes) / max(seconds, 0.001))),
            wasThere: false
        )
    }
}

/// What a conversion reads, with its hashes.
struct ReadSource: Sendable {
    let files: [Manifest.File]
    /// The SHA-256 of the importance matrix.
    let importance: String?
}
