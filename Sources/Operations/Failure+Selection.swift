import Catalog
import Formats
import Platform

extension Failure {
    /// Words why a repository does not hold what was asked for.
    init(_ refusal: SelectionRefusal, of repository: String, _ request: PullRequest) {
        let isLocal = if case .local = request.origin { true } else { false }
        let words = SelectionWords(repository: repository, wanted: request.selection, isLocal: isLocal)
        let (kind, message, hint) = words.forWhatIsMissing(refusal) ?? words.forTheChoice(refusal)
        self.init(kind, message, hint: hint)
    }
}

/// The sentences about the files of a repository.
private struct SelectionWords {
    typealias Wording = (kind: Failure.Kind, message: String, hint: String?)

    let repository: String
    let wanted: SelectionRequest
    let isLocal: Bool

    func forWhatIsMissing(_ refusal: SelectionRefusal) -> Wording? {
        switch refusal {
        case .noFormat(let has):
            let formats = wanted.formats.map(\.rawValue).joined(separator: " or ")
            let hint = has.first.map {
                "it has \($0.rawValue): add `--format \($0.rawValue)`, or use a stack whose engine serves it"
            }
            return (
                .notFound, "`\(repository)` has no \(formats) files",
                hint ?? "it holds no model that stackctl knows how to store"
            )
        case .noQuant(let has):
            let hint =
                has.isEmpty
                ? "its GGUF files do not say how they are quantized; name one: `\(repository)/FILE.gguf`"
                : "it has \(has.map(\.name).joined(separator: ", "))"
            let quant = wanted.quant?.name ?? "default quantization"
            return (.unsupported, "`\(repository)` has no \(quant)", hint)
        case .noFile(let has):
            let near = nearestNames(to: wanted.path?.string ?? "", in: has)
            let some = (near.isEmpty ? Array(has.prefix(6)) : near).map { "`\($0)`" }.joined(separator: ", ")
            return (
                .notFound, "`\(repository)` has no file `\(wanted.path?.string ?? "")`",
                has.isEmpty ? "it has no GGUF files" : "of its \(has.count) GGUF files: \(some)"
            )
        case .noAdapter:
            return (
                .notFound, "`\(repository)` holds no adapter",
                "an adapter is a GGUF, or `adapter_config.json` with `adapter_model.safetensors`"
            )
        case .noAdapterWeights:
            return (
                .notFound,
                "`\(repository)` has the `\(AdapterFacts.configName)` of an adapter without its weights",
                "`\(AdapterFacts.weightsName)` belongs beside it: PEFT's `save_pretrained` writes both"
            )
        default: return nil
        }
    }

    func forTheChoice(_ refusal: SelectionRefusal) -> Wording {
        switch refusal {
        case .onlyPickles:
            (
                .unsupported,
                "`\(repository)` has its weights only as pickles, which can run code when they are read",
                "look for a conversion to safetensors or GGUF"
            )
        case .incompleteSet(let stem, let missing):
            (
                .invalid, "`\(repository)` lacks \(missing) of the shards of `\(stem)`",
                isLocal
                    ? "bring all of them together in one folder"
                    : "its publisher may still be uploading: try later, or choose another quantization"
            )
        case .ambiguous(let paths):
            (
                .conflict,
                "`\(repository)` has several files that fit: \(paths.prefix(4).map { "`\($0)`" }.joined(separator: ", "))",
                paths.first.map { "name one: `\(repository)/\($0)`" }
            )
        default: (.invalid, "`--exclude` leaves out every file of `\(repository)` that was chosen", nil)
        }
    }
}
