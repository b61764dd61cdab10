import Catalog
import Hub
import Platform
import Store

/// A file that a model needs: where it goes, and the pieces of the repository that it is made of.
struct SelectedFile: Sendable, Equatable {
    let path: RelativePath
    let parts: [RepositoryFile]
    /// Whether it is laid over the model's weights, and so kept apart from what engines take for models.
    var isAdapter = false

    var size: ByteCount { parts.lazy.map(\.size).total() }

    /// The path in the repository, where it is one file there.
    var sourcePath: RelativePath? { parts.count == 1 ? parts.first?.path : nil }
}

/// The files of a repository that make up one model.
struct FileSelection: Sendable, Equatable {
    let format: ModelFormat
    /// The quantization that the files' names state; unknown for most safetensors.
    let quant: Quantization?
    let files: [SelectedFile]

    var size: ByteCount { files.lazy.map(\.size).total() }
}

/// What is asked of a repository.
struct SelectionRequest: Sendable {
    /// The formats that will do, the best one first.
    var formats: [ModelFormat]
    /// The quantization that the user named.
    var quant: Quantization?
    /// The quantization to take if the user named none.
    var defaultQuant: Quantization?
    /// Whether something else is made of it, so that the most exact one is the best.
    var prefersExact = false
    /// The file that the user named.
    var path: RelativePath?
    /// The pattern by which the catalog finds the GGUF files.
    var pattern: String?
    /// Patterns of files to take besides.
    var include: [String] = []
    /// Patterns of files to leave out.
    var exclude: [String] = []
    /// Whether an adapter is wanted, and not a model.
    var isAdapter = false
}

/// Why a repository does not hold what was asked for.
enum SelectionRefusal: Error, Equatable {
    /// It has none of the formats; those that it has.
    case noFormat(has: [ModelFormat])
    /// It has not that quantization; those that it has.
    case noQuant(has: [Quantization])
    /// It has not that file; its files of the kind.
    case noFile(has: [String])
    /// Shards of a set are missing.
    case incompleteSet(String, missing: Int)
    /// It has several sets of that quantization.
    case ambiguous([String])
    /// The weights are only there in a form that no engine here reads safely.
    case onlyPickles
    /// It has no adapter.
    case noAdapter
    /// It has the configuration of an adapter without the weights.
    case noAdapterWeights
    /// Every file that was chosen is to be left out.
    case nothingLeft
}

extension FileSelection {
    /// Chooses the files of a model.
    static func choose(_ request: SelectionRequest, from files: [RepositoryFile]) throws(SelectionRefusal)
        -> FileSelection
    {
        if request.isAdapter { return try AdapterFiles.choose(request, from: files) }
        let sets = GGUFSet.all(in: files)
        if let path = request.path { return try named(path, request, sets, files) }
        let hasSafetensors = files.contains { SafetensorsFiles.isWeights($0.path) }
        let present: [ModelFormat] = (sets.isEmpty ? [] : [.gguf]) + (hasSafetensors ? [.safetensors] : [])
        guard let format = request.formats.first(where: present.contains) else {
            if present.isEmpty, files.contains(where: { SafetensorsFiles.isPickle($0.path) }) {
                throw .onlyPickles
            }
            throw .noFormat(has: present)
        }
        switch format {
        case .gguf:
            let set = try GGUFSet.choose(request, from: sets)
            return try FileSelection(
                format: .gguf,
                quant: set.quant,
                files: set.selected() + extras(request, files, flat: true)
            )
            .without(request.exclude)
        case .safetensors:
            let chosen = try SafetensorsFiles.choose(from: files).map {
                SelectedFile(path: $0.path, parts: [$0])
            }
            let more = extras(request, files, flat: false).filter { extra in
                !chosen.contains { $0.path == extra.path }
            }
            return try FileSelection(format: .safetensors, quant: nil, files: chosen + more).without(
                request.exclude
            )
        case .uqff: throw .noFormat(has: present)
        }
    }

    private static func named(
        _ path: RelativePath,
        _ request: SelectionRequest,
        _ sets: [GGUFSet],
        _ files: [RepositoryFile]
    ) throws(SelectionRefusal) -> FileSelection {
        guard let set = sets.first(where: { $0.members.contains { $0.file.path == path } }) else {
            guard let file = files.first(where: { $0.path == path }),
                path.name.lowercased().hasSuffix(".gguf"),
                let name = RelativePath(path.name)
            else { throw .noFile(has: files.map(\.path.string).filter { $0.lowercased().contains(".gguf") }) }
            return FileSelection(format: .gguf, quant: nil, files: [SelectedFile(path: name, parts: [file])])
        }
        return try FileSelection(
            format: .gguf,
            quant: set.quant,
            files: set.selected() + extras(request, files, flat: true)
        )
        .without(request.exclude)
    }

    private static func extras(_ request: SelectionRequest, _ files: [RepositoryFile], flat: Bool)
        -> [SelectedFile]
    {
        files.compactMap { file in
            guard request.include.contains(where: { globMatches($0, file.path.string) }) else { return nil }
            guard let path = flat ? RelativePath(file.path.name) : file.path else { return nil }
            return SelectedFile(path: path, parts: [file])
        }
    }

    private func without(_ patterns: [String]) throws(SelectionRefusal) -> FileSelection {
        var seen: Set<RelativePath> = []
        let kept = files.filter { file in
            let sources = file.parts.map(\.path.string)
            // The name is taken in every model's folder.
            guard file.path.string != Layout.manifestName else { return false }
            guard !patterns.contains(where: { pattern in sources.contains { globMatches(pattern, $0) } })
            else { return false }
            return seen.insert(file.path).inserted
        }
        guard !kept.isEmpty else { throw .nothingLeft }
        return FileSelection(format: format, quant: quant, files: kept)
    }
}

/// Whether a path, or its last part if the pattern has no `/`, matches a pattern of `*` and `?`;
/// letters' case does not count.
func globMatches(_ pattern: String, _ path: String) -> Bool {
    let subject = pattern.contains("/") ? path : path.split(separator: "/").last.map(String.init) ?? path
    return matches(Array(pattern.lowercased())[...], Array(subject.lowercased())[...])
}

private func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
    var (pattern, text) = (pattern, text)
    // The place to go back to when a `*` must take one character more.
    var retry: (pattern: ArraySlice<Character>, text: ArraySlice<Character>)?
    while let character = text.first {
        if let wanted = pattern.first, wanted == "*" {
            pattern = pattern.dropFirst()
            retry = (pattern, text)
        } else if let wanted = pattern.first, wanted == "?" || wanted == character {
            pattern = pattern.dropFirst()
            text = text.dropFirst()
        } else if let last = retry {
            let shorter = last.text.dropFirst()
            retry = (last.pattern, shorter)
            (pattern, text) = (last.pattern, shorter)
        } else {
            return false
        }
    }
    return pattern.allSatisfy { $0 == "*" }
}
