import Catalog
import Engines
import Formats
import Platform
import Store

/// A model that an adapter is to be laid over, as it was found.
struct FoundBase: Sendable {
    let base: AdapterBase
    /// The header of its first file, if it is a GGUF.
    let header: GGUFHeader?
}

/// Reads of a model what an adapter must fit.
struct AdapterBaseLookup: Sendable {
    let model: ConfiguredModel
    let stack: Stack

    /// What the headers of the stored model say, else those on the hub.
    func find(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> FoundBase {
        if let stored = try await stored(in: workspace) { return stored }
        if case .local(let path) = model.reference.source {
            let headers = try LocalModel(path, InspectOptions(), GGUFHeader.usualArrayLimit).read().0
            return base(headers, in: workspace)
        }
        var pull = PullOptions()
        (pull.quant, pull.format) = (model.quant, model.format)
        let request = try await PullRequest(model.reference, pull, for: stack, in: workspace)
        let hub = workspace.hub(offline: false, report)
        report(.phase(.resolving, "resolving \(request.model)"))
        let source = try await request.resolve(hub)
        let selection = try await FileChoice(request, source, pull).selection(report)
        report(.phase(.downloading, "reading the header of \(request.model)"))
        let reader = RemoteHeaders(hub: hub, place: source.place, arrayLimit: GGUFHeader.usualArrayLimit)
        return base(try await reader.read(selection).headers, source.repository, in: workspace)
    }

    /// What the headers of the stored model say, if there is one.
    func stored(in workspace: Workspace) async throws(Failure) -> FoundBase? {
        let lookup = StoredLookup(reference: model.reference, quant: model.quant, format: model.format)
        let models = try await lookup.all(in: workspace).models.filter { $0.firstMissingFile == nil }
        // Its quantizations differ in nothing that matters here.
        let formats = stack.engine.formats(preferring: stack.defaults.format).map(\.rawValue)
        let served = models.first { formats.contains($0.key.format) }
        guard let stored = served ?? models.first,
            let headers = try LocalHeaders(arrayLimit: GGUFHeader.usualArrayLimit).read(stored)
        else { return nil }
        return base(headers, stored.manifest.source.repository, in: workspace)
    }

    private func base(
        _ headers: ModelHeaders,
        _ repository: String? = nil,
        in workspace: Workspace
    ) -> FoundBase {
        var header: GGUFHeader?
        let tensors: [TensorDescription]
        switch headers {
        case .gguf(let parts): (header, tensors) = (parts.first?.header, parts.flatMap(\.header.tensors))
        case .safetensors(let parts, _): tensors = parts.flatMap(\.header.tensors)
        }
        let names = names(repository, in: workspace)
        let base = AdapterBase(headers.facts, headers.format, tensors: tensors, names: names)
        return FoundBase(base: base, header: header)
    }

    /// All that the model is called, here and where it comes from.
    private func names(_ repository: String?, in workspace: Workspace) -> [String] {
        let entry = (try? workspace.catalog())?.entry(for: model.reference)?.entry
        let known = [
            "\(ModelReference(model.reference.source))", repository, entry?.reference, entry?.safetensors,
        ]
        return known.compactMap(\.self) + (entry?.gguf.values.map(\.repository) ?? [])
    }
}
