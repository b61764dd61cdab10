import Catalog
import Hub
import Platform
import Store
import SystemPackage

/// What was made before of a model whose source is not here any more.
struct StandingConversion: Sendable {
    let reference: ModelReference
    let options: ConvertOptions
    let request: PullRequest
    let store: ModelStore

    private var model: String { options.name ?? request.model }

    /// What all targets have become; `nil` if one of them must be made, or is wanted anew.
    func all() throws(Failure) -> [StoredModel]? {
        guard !options.force, options.output == nil else { return nil }
        var found: [StoredModel] = []
        for target in options.targets.isEmpty ? [.usual] : options.targets {
            guard let stored = try one(target) else { return nil }
            if !found.contains(stored) { found.append(stored) }
        }
        return found
    }

    private func one(_ target: ConversionTarget) throws(Failure) -> StoredModel? {
        let models: [StoredModel]
        do throws(StoreError) { models = try store.models(named: model) } catch {
            throw Failure(store: error)
        }
        let found = models.first { stored in
            guard let conversion = stored.manifest.conversion, stored.firstMissingFile == nil,
                stored.key.format == options.format.rawValue, isRevision(stored.manifest.source)
            else { return false }
            switch target.choice {
            case .named(let quant):
                return stored.key.quant == TargetForm(quant, in: options.format)?.quant
            case .usual: return stored.key.quant == conversion.quant
            }
        }
        guard let found, let quant = Quantization(parsing: found.key.quant),
            let made = TargetForm(quant, in: options.format)
        else { return nil }
        // Known before its source is fetched again.
        guard isRepository(found.manifest.source) else {
            throw .stored(found.key, "made of something else")
        }
        guard found.manifest.conversion?.options == options.words(for: made) else {
            throw .stored(found.key, "made with other options")
        }
        return found
    }

    /// Whether it was made of what is asked for now, which the hub may have renamed since.
    private func isRepository(_ source: Manifest.Source) -> Bool {
        guard case .hub(let repository, _) = request.origin, source.kind == .hub else { return false }
        let names = [source.repository] + (options.name == nil ? [model] : [])
        return names.contains { $0.lowercased() == repository.description.lowercased() }
    }

    private func isRevision(_ source: Manifest.Source) -> Bool {
        reference.revision == nil || [source.revision, source.requestedRevision].contains(reference.revision)
    }
}

extension ConvertedModel {
    /// One that is there already.
    init(_ stored: StoredModel, _ stack: Stack) {
        let manifest = stored.manifest
        self.init(
            stack: stack.name,
            model: stored.key.model,
            format: stored.key.format,
            quant: stored.key.quant,
            path: manifest.files.first.map(stored.path)?.string ?? "",
            sizeBytes: manifest.size,
            sourceFormat: manifest.conversion?.format,
            sourceQuant: manifest.conversion?.quant,
            sourceBytes: manifest.conversion?.files.lazy.map(\.sizeBytes).total(),
            wasThere: true
        )
    }
}
