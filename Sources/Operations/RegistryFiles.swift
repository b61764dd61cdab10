import Catalog
import Hub
import Platform

/// The files that a model of a registry is made of.
struct RegistryFiles: Sendable {
    private let reference: OllamaReference
    private let manifest: OllamaManifest
    /// The quantization of the weights, as far as the registry tells it.
    private let quant: Quantization?

    init(_ reference: OllamaReference, _ manifest: OllamaManifest, _ quant: Quantization?) {
        self.reference = reference
        self.manifest = manifest
        self.quant = quant
    }

    /// The weights, the projector and the adapters, under names that tell whose they are; the rest is for Ollama alone.
    func choose(for request: PullRequest, _ report: Reporter) throws(Failure) -> FileSelection {
        if let wanted = request.selection.quant, wanted != quant {
            throw unsupported(
                quant.map { "is \($0), not \(wanted)" } ?? "does not say that it is \(wanted)",
                hint: hintOfTags
            )
        }
        let models = manifest.layers(.model)
        guard let model = models.first else { throw withoutModel }
        let projectors = manifest.layers(.projector)
        let adapters = manifest.layers(.adapter)
        guard models.count == 1, projectors.count <= 1 else {
            throw unsupported(
                "is put together of \(models.count) models and \(projectors.count) projectors, which no engine here serves"
            )
        }
        if !adapters.isEmpty, request.adapters == nil {
            throw unsupported(
                "has an adapter on its weights, which only llama.cpp is given",
                hint: "use a stack of llama.cpp"
            )
        }
        if manifest.layers.contains(where: { [.other("system"), .other("params")].contains($0.role) }) {
            report(
                .note("`\(reference)`: its system prompt and parameters are Ollama's own and are not taken")
            )
        }
        var files = [file(stem, model)] + projectors.map { file("mmproj-\(stem)", $0) }
        for (index, layer) in adapters.enumerated() {
            var adapter = file("adapter-\(stem)" + (index == 0 ? "" : "-\(index + 1)"), layer)
            adapter.isAdapter = true
            files.append(adapter)
        }
        return FileSelection(format: .gguf, quant: quant, files: files)
    }

    /// A name that an engine could read something else out of, a projector or a shard, is not taken over.
    private var stem: String {
        let name = "\(reference.model)-\(reference.tag)"
        let isMisleading = name.lowercased().contains("mmproj") || ShardName("\(name).gguf") != nil
        return isMisleading ? "model" : name
    }

    private func file(_ stem: String, _ layer: OllamaManifest.Layer) -> SelectedFile {
        guard let path = RelativePath("\(stem).gguf") else {
            preconditionFailure("the parts of a registry's name are letters, digits, `.`, `-` and `_`")
        }
        let part = RepositoryFile(path: path, size: layer.size, content: .sha256(layer.digest))
        return SelectedFile(path: path, parts: [part])
    }

    // MARK: Refusals

    private var hintOfTags: String {
        "its tags are its quantizations" + (reference.page.map { ": see \($0)" } ?? "")
    }

    private var withoutModel: Failure {
        manifest.layers(.tensor).isEmpty
            ? unsupported("has no weights: such a model runs in Ollama's cloud only", hint: hintOfTags)
            : unsupported("has its weights as single tensors for Ollama's own engine", hint: hintOfTags)
    }

    private func unsupported(_ what: String, hint: String? = nil) -> Failure {
        Failure(.unsupported, "`\(reference)` \(what)", hint: hint)
    }
}
