import Catalog
import Formats
import Platform
import Store

extension LocalHeaders {
    /// Reads what engines load of a stored model; `nil` if its format is not known.
    func read(_ model: StoredModel) throws(Failure) -> ModelHeaders? {
        let folder = model.layout.directory(of: model.key)
        let all = model.manifest.files.map(\.path)
        switch ModelFormat(rawValue: model.manifest.format) {
        case .gguf:
            let models = all.filter(\.isModelGGUF)
            return try gguf((models.isEmpty ? all : models).map { ($0.string, $0.below(folder)) })
        case .safetensors: return try safetensors(all.filter(SafetensorsFiles.isWeights), in: folder)
        case .uqff:
            let names = all.filter { SafetensorsFiles.isWeights($0) || $0.string.hasSuffix(".uqff") }
            return try safetensors(names, in: folder)
        case nil: return nil
        }
    }
}

extension ModelHeaders {
    /// The format of the files.
    var format: ModelFormat {
        switch self {
        case .gguf: .gguf
        case .safetensors: .safetensors
        }
    }

    /// The bytes of all tensors.
    var tensorBytes: ByteCount {
        switch self {
        case .gguf(let parts): parts.flatMap(\.header.tensors).map(\.size).total()
        case .safetensors(let parts, _): parts.flatMap(\.header.tensors).map(\.size).total()
        }
    }

    /// What they say of the model, if they can be understood.
    var facts: ModelFacts? {
        switch self {
        case .gguf(let parts): return try? ModelFacts(parts.map(\.header))
        case .safetensors(let parts, let companions):
            guard let config = companions.config else { return nil }
            return try? ModelFacts(
                config: config,
                tensors: parts.flatMap(\.header.tensors),
                chatTemplate: companions.template != nil
            )
        }
    }
}
