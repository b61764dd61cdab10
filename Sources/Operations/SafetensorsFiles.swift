import Hub
import Platform

/// Which files of a repository an engine needs to serve its safetensors.
enum SafetensorsFiles {
    /// Whether a file holds weights of the model itself, in the repository's root.
    static func isWeights(_ path: RelativePath) -> Bool {
        isInRoot(path) && path.string.hasSuffix(".safetensors") && !path.string.hasPrefix("adapter_")
    }

    /// Whether a file holds weights in a form that runs code when it is read.
    static func isPickle(_ path: RelativePath) -> Bool {
        [".bin", ".pt", ".pth", ".ckpt"].contains(where: path.string.hasSuffix)
    }

    /// Weights, index, configuration, tokenizer, chat template and the model card.
    static func choose(from files: [RepositoryFile]) throws(SelectionRefusal) -> [RepositoryFile] {
        let weights = files.filter { isWeights($0.path) }
        // Mistral's repositories hold the same weights twice, as `consolidated` for its own tools.
        let standard = weights.filter { $0.path.string.hasPrefix("model") && !isVariant($0.path) }
        let chosen = standard.isEmpty ? weights : standard
        let isConsolidated = standard.isEmpty && weights.contains { $0.path.string.hasPrefix("consolidated") }
        for shard in chosen.compactMap({ ShardName($0.path.string) }) {
            let present = chosen.count { ShardName($0.path.string)?.stem == shard.stem }
            guard present >= shard.count else {
                throw .incompleteSet(shard.stem, missing: shard.count - present)
            }
        }
        return chosen + files.filter { isCompanion($0.path, consolidated: isConsolidated) }
    }

    private static func isInRoot(_ path: RelativePath) -> Bool { !path.string.contains("/") }

    /// `model.fp16.safetensors` is a copy of `model.safetensors` in another type.
    private static func isVariant(_ path: RelativePath) -> Bool {
        path.string.split(separator: ".").count > 2
    }

    private static func isCompanion(_ path: RelativePath, consolidated: Bool) -> Bool {
        let name = path.string
        if name.hasPrefix("additional_chat_templates/") { return name.hasSuffix(".jinja") }
        guard isInRoot(path) else { return false }
        if name.hasSuffix(".json") {
            if name.hasSuffix(".bin.index.json") || name.hasPrefix("adapter_") { return false }
            let isConsolidatedOnly = name == "params.json" || name.hasPrefix("consolidated.")
            return consolidated || !isConsolidatedOnly
        }
        let companions = ["merges.txt", "vocab.txt", "README.md"]
        return companions.contains(name) || name.hasPrefix("tokenizer.model") || name.hasPrefix("LICENSE")
            || [".tiktoken", ".jinja", ".spm"].contains(where: name.hasSuffix) || name == "spiece.model"
    }
}
