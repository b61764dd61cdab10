import Catalog
import Platform
import Store

extension PullRequest {
    init(
        _ reference: OllamaReference,
        _ selection: SelectionRequest,
        _ options: PullOptions,
        model: String,
        pinned: Digest? = nil,
        for stack: Stack
    ) throws(Failure) {
        try Self.refuseContradictions(of: options, to: reference, selection.formats)
        self.init(
            model: model,
            origin: .ollama(reference),
            selection: selection,
            pinned: pinned,
            adapters: stack.servedAdapters
        )
    }

    /// Whether a stored model came from that name and is still all there, adapters included.
    func isAnswered(by stored: StoredModel, for reference: OllamaReference) -> Bool {
        let source = stored.manifest.source
        guard source.kind == .ollama, source.endpoint == reference.endpoint,
            source.repository == reference.repository, source.requestedRevision == reference.tag,
            selection.formats.contains(where: { $0.rawValue == stored.key.format }),
            selection.quant == nil || selection.quant?.name == stored.key.quant
        else { return false }
        guard let adapters else { return true }
        return (stored.manifest.adapters ?? []).allSatisfy {
            FileSystem.exists($0.below(adapters.layout.volume))
        }
    }

    /// The name that a model of a registry is stored under.
    static func storedName(of reference: OllamaReference) throws(Failure) -> String {
        if let name = reference.storedName { return name }
        throw Failure(
            .invalid,
            "`\(reference)` is too long to be the name of a stored model",
            hint: "choose another name with `--as NAME`"
        )
    }

    /// Refuses options that choose among what such a name leaves no choice of.
    private static func refuseContradictions(
        of options: PullOptions,
        to reference: OllamaReference,
        _ formats: [ModelFormat]
    ) throws(Failure) {
        if let revision = options.revision {
            throw Failure(
                .unsupported,
                "`\(reference)` has no revision `\(revision)`: a registry's models have tags, no revisions",
                hint: "leave out `--revision`, and name the tag behind a colon"
            )
        }
        if !options.include.isEmpty || !options.exclude.isEmpty {
            throw Failure(
                .unsupported,
                "`\(reference)` has no files to choose among",
                hint: "leave out `--include` and `--exclude`"
            )
        }
        guard !formats.contains(.gguf) else { return }
        throw Failure(
            .unsupported,
            "`\(reference)` has gguf only, not \(formats.map(\.rawValue).joined(separator: " or "))",
            hint: options.format == nil
                ? "use a stack whose engine serves gguf, or add `--format gguf` to store it all the same"
                : "leave out `--format`"
        )
    }
}
