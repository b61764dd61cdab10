import Catalog
import Engines
import Formats
import Hub
import Platform
import Store
import SystemPackage

/// A model in one quantization, as far as its memory depends on that.
struct FitForm: Sendable {
    let quant: String
    let format: ModelFormat
    /// The bytes of its weights.
    let weights: ByteCount?
    /// Where these are from.
    let origin: FittedModel.Origin
    var isStored = false
    /// Its own shape, where its header was read.
    var shape: ModelShape?
}

/// What is known of a model whose memory is asked about.
struct FitFacts: Sendable {
    let model: String
    let origin: FittedModel.Origin
    var shape: ModelShape?
    var contextLength: Int?
    /// Why the shape is not known.
    var trouble: ShapeError?
    var forms: [FitForm]
}

/// Finds out what decides a model's memory: in its own header, else in that of the hub, else in the catalog.
struct FitSource: Sendable {
    private let reference: ModelReference
    private let options: FitOptions
    private let stack: Stack

    init(_ reference: ModelReference, _ options: FitOptions, _ stack: Stack) {
        self.reference = reference
        self.options = options
        self.stack = stack
    }

    private var quant: Quantization? { options.quant ?? reference.quantization }

    func find(in workspace: Workspace, _ report: @escaping Reporter) async throws(Failure) -> FitFacts {
        if case .local(let path) = reference.source { return try served(local(path)) }
        let stored = try await stored(in: workspace)
        let entry = (try? workspace.catalog())?.entry(for: reference)?.entry
        var facts: FitFacts
        if let stored, quant == nil || !stored.forms.isEmpty {
            facts = stored
        } else {
            facts = try await elsewhere(entry, in: workspace, report)
        }
        if quant == nil, let entry { facts.forms += estimates(entry, besides: facts.forms) }
        facts.forms.sort { left, right in
            (left.weights ?? 0, left.quant) < (right.weights ?? 0, right.quant)
        }
        return try served(facts)
    }

    /// The same without the forms that the stack's engine does not serve.
    private func served(_ facts: FitFacts) throws(Failure) -> FitFacts {
        let formats = stack.engine.formats(preferring: stack.defaults.format)
        var facts = facts
        let all = facts.forms
        facts.forms = all.filter { formats.contains($0.format) }
        guard facts.forms.isEmpty, let format = all.first?.format else { return facts }
        throw Failure(
            .unsupported,
            "`\(stack.name)` serves no \(format.rawValue), which `\(facts.model)` is",
            hint: "name another stack: `stackctl STACK fit \(facts.model)`"
        )
    }

    // MARK: On this machine

    private func local(_ path: FilePath) throws(Failure) -> FitFacts {
        var inspect = InspectOptions()
        inspect.quant = options.quant
        let headers = try LocalModel(path, inspect, GGUFHeader.usualArrayLimit).read().0
        let name = path.lexicallyNormalized().lastComponent?.string ?? path.string
        if case .gguf(let parts) = headers, let first = parts.first, first.header.shardCount != parts.count {
            throw Failure(
                .invalid,
                "`\(name)` is one of \(first.header.shardCount) shards, and the others are not beside it",
                hint: "bring them together in one folder"
            )
        }
        let facts = FitFacts(name, headers, .local)
        if let quant, let own = facts.forms.first?.quant, Quantization(parsing: own) != quant {
            throw Failure(.notFound, "`\(name)` is \(own), not \(quant)")
        }
        return facts
    }

    private func stored(in workspace: Workspace) async throws(Failure) -> FitFacts? {
        let lookup = StoredLookup(reference: reference, quant: options.quant)
        let models = try await lookup.all(in: workspace).models.filter { $0.firstMissingFile == nil }
        let usual = models.first { $0.key.quant == stack.defaults.quantization?.name } ?? models.first
        guard let usual else { return nil }
        var facts = FitFacts(model: usual.key.model, origin: .stored, forms: [])
        for model in models {
            guard let headers = try LocalHeaders(arrayLimit: GGUFHeader.usualArrayLimit).read(model) else {
                continue
            }
            var read = FitFacts(model.key.model, headers, .stored)
            guard var form = read.forms.first else { continue }
            form = FitForm(
                quant: model.key.quant,
                format: form.format,
                weights: form.weights,
                origin: .stored,
                isStored: true,
                shape: form.shape
            )
            read.forms = [form]
            facts.forms.append(form)
            if model.key == usual.key || facts.shape == nil {
                (facts.shape, facts.contextLength, facts.trouble) = (
                    read.shape, read.contextLength, read.trouble
                )
            }
        }
        return facts
    }

    // MARK: Elsewhere

    private func elsewhere(
        _ entry: CatalogEntry?,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws(Failure) -> FitFacts {
        guard !options.isOffline else { return try guessed(entry, in: workspace) }
        do throws(Failure) { return try await remote(in: workspace, report) } catch {
            // Without the hub the catalog is better than nothing.
            guard let entry, [.unavailable, .refused].contains(error.kind) else { throw error }
            report(.warning("\(error.message): going by the catalog"))
            return try guessed(entry, in: workspace)
        }
    }

    private func guessed(_ entry: CatalogEntry?, in workspace: Workspace) throws(Failure) -> FitFacts {
        guard let entry else {
            throw Failure(
                .notFound,
                "`\(reference)` is neither stored nor in the catalog",
                hint: "without `--offline` its header is read from the hub"
            )
        }
        let shape = ModelShape(entry)
        return FitFacts(
            model: entry.reference,
            origin: .catalog,
            shape: shape,
            contextLength: entry.context,
            trouble: shape == nil ? .missing("the number of layers and heads") : nil,
            forms: quant.map { [estimate($0, of: entry)] } ?? []
        )
    }

    private func remote(in workspace: Workspace, _ report: @escaping Reporter) async throws(Failure)
        -> FitFacts
    {
        var pull = PullOptions()
        (pull.quant, pull.revision) = (options.quant, options.revision)
        let request = try await PullRequest(reference, pull, for: stack, in: workspace)
        let hub = workspace.hub(offline: false, report)
        report(.phase(.resolving, "resolving \(request.model)"))
        let source = try await request.resolve(hub)
        let (selection, sets) = try await FileChoice(request, source, pull).selectionAndSets(report)
        report(.phase(.downloading, "reading the header of \(request.model)"))
        let reader = RemoteHeaders(hub: hub, place: source.place, arrayLimit: GGUFHeader.usualArrayLimit)
        let read = try await reader.read(selection)
        report(.note("read \(read.received) of \(read.size)"))
        var facts = FitFacts(request.model, read.headers, .remote, quant: selection.quant)
        if quant == nil, case .gguf = read.headers {
            facts.forms += sets.filter { $0.quant != selection.quant }.compactMap(FitForm.init)
        }
        return facts
    }

    // MARK: Estimated

    /// The quantizations that the catalog has and nothing better is known of.
    private func estimates(_ entry: CatalogEntry, besides known: [FitForm]) -> [FitForm] {
        guard stack.engine != .vllm else {
            return known.isEmpty ? [estimateOfOriginal(entry)].compactMap(\.self) : []
        }
        let names = Set(known.map(\.quant))
        return entry.quantizations.filter { !names.contains($0.name) }.map { estimate($0, of: entry) }
    }

    private func estimate(_ quant: Quantization, of entry: CatalogEntry) -> FitForm {
        FitForm(quant: quant.name, format: .gguf, weights: entry.weights(in: quant), origin: .catalog)
    }

    private func estimateOfOriginal(_ entry: CatalogEntry) -> FitForm? {
        guard entry.safetensors != nil, let quant = Quantization(parsing: "bf16") else { return nil }
        return FitForm(
            quant: quant.name,
            format: .safetensors,
            weights: entry.weights(in: quant),
            origin: .catalog
        )
    }
}

extension FitFacts {
    /// Takes the shape and the weights from headers.
    fileprivate init(
        _ model: String,
        _ headers: ModelHeaders,
        _ origin: FittedModel.Origin,
        quant: Quantization? = nil
    ) {
        let (shape, trouble) = ModelShape.of(headers)
        let facts = headers.facts
        let form = FitForm(
            quant: quant?.name ?? facts?.quantization ?? "unknown",
            format: headers.format,
            weights: facts?.weightsSize ?? headers.tensorBytes,
            origin: origin,
            shape: shape
        )
        self.init(
            model: model,
            origin: origin,
            shape: shape,
            contextLength: shape?.contextLength ?? facts?.contextLength,
            trouble: trouble,
            forms: [form]
        )
    }
}

extension FitForm {
    /// A quantization that a repository lists, with its files' length for its weights'.
    fileprivate init?(_ set: GGUFSet) {
        guard let quant = set.quant else { return nil }
        let size = set.members.lazy.map(\.file.size).total()
        self.init(quant: quant.name, format: .gguf, weights: size, origin: .remote)
    }
}

extension ModelShape {
    /// The shape that headers tell, or why they do not.
    fileprivate static func of(_ headers: ModelHeaders) -> (ModelShape?, ShapeError?) {
        do {
            switch headers {
            case .gguf(let parts):
                return (try ModelShape(parts.sorted { $0.number < $1.number }.map(\.header)), nil)
            case .safetensors(let parts, let companions):
                guard let bytes = companions.contents[SafetensorsCompanions.configName] else {
                    return (nil, .missing(SafetensorsCompanions.configName))
                }
                return (try ModelShape(config: bytes, tensors: parts.flatMap(\.header.tensors)), nil)
            }
        } catch let error as ShapeError { return (nil, error) } catch {
            return (nil, .missing(SafetensorsCompanions.configName))
        }
    }
}
