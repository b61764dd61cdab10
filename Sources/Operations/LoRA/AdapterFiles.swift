import Catalog
import Formats
import Hub
import Platform
import SystemPackage

/// Which files of a repository or a folder make up an adapter.
enum AdapterFiles {
    /// Takes the one GGUF that is there or named, or the two files of PEFT.
    static func choose(
        _ request: SelectionRequest,
        from files: [RepositoryFile]
    ) throws(SelectionRefusal) -> FileSelection {
        let sets = GGUFSet.all(in: files)
        if let path = request.path {
            guard let file = files.first(where: { $0.path == path }), path.isModelGGUF,
                let name = RelativePath(path.name)
            else { throw .noFile(has: sets.map { $0.members[0].file.path.string }) }
            return FileSelection(
                format: .gguf,
                quant: nil,
                files: [SelectedFile(path: name, parts: [file])]
            )
        }
        let hasFolder = files.contains { $0.path.string == AdapterFacts.configName }
        let present: [ModelFormat] = (sets.isEmpty ? [] : [.gguf]) + (hasFolder ? [.safetensors] : [])
        // A quantization is only a GGUF's.
        let wanted = request.quant == nil ? request.formats : [.gguf]
        switch wanted.first(where: present.contains) ?? present.first {
        case .gguf: return try gguf(request, sets)
        case .safetensors: return try peft(files)
        case .uqff, nil: throw .noAdapter
        }
    }

    private static func gguf(
        _ request: SelectionRequest,
        _ sets: [GGUFSet]
    ) throws(SelectionRefusal) -> FileSelection {
        // Several are several adapters as often as one in several types.
        if request.quant == nil, sets.count > 1 {
            throw .ambiguous(sets.map { $0.members[0].file.path.string })
        }
        let set = try GGUFSet.choose(request, from: sets)
        return FileSelection(format: .gguf, quant: set.quant, files: try set.selected())
    }

    private static func peft(_ files: [RepositoryFile]) throws(SelectionRefusal) -> FileSelection {
        let wanted = [AdapterFacts.configName, AdapterFacts.weightsName]
        let found = wanted.compactMap { name in files.first { $0.path.string == name } }
        guard found.count == wanted.count else {
            let stem = "adapter_model"
            if files.contains(where: { $0.path.string.hasPrefix(stem) && SafetensorsFiles.isPickle($0.path) })
            {
                throw .onlyPickles
            }
            throw .noAdapterWeights
        }
        let files = found.map { SelectedFile(path: $0.path, parts: [$0]) }
        return FileSelection(format: .safetensors, quant: nil, files: files)
    }
}

extension ModelFacts {
    /// Takes the little that a folder of PEFT says of itself as of a model.
    init(adapterIn folder: FilePath) throws(FormatError) {
        let tensors = try SafetensorsHeader.read(folder.appending(AdapterFacts.weightsName)).tensors
        var elements: [TensorType: Int] = [:]
        for tensor in tensors { elements[tensor.type, default: 0] += tensor.elements }
        let most = elements.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
        self.init(
            parameters: elements.values.reduce(0, +),
            quantization: most?.rawValue,
            tensorTypes: Set(elements.keys),
            weightsSize: tensors.map(\.size).total()
        )
    }
}
