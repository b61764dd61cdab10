import Catalog
import Hub
import Platform

extension Failure {
    /// Words why a repository does not hold what was asked for.
    init(_ refusal: SelectionRefusal, of repository: RepositoryID, _ request: PullRequest) {
        let asked = request.selection.formats.map(\.rawValue).joined(separator: " or ")
        switch refusal {
        case .noFormat(let has):
            self.init(
                .notFound,
                "`\(repository)` has no \(asked) files",
                hint: has.first.map {
                    "it has \($0.rawValue): add `--format \($0.rawValue)`, or use a stack whose engine serves it"
                }
                    ?? "it holds no model that stackctl knows how to store"
            )
        case .onlyPickles:
            self.init(
                .unsupported,
                "`\(repository)` has its weights only as pickles, which can run code when they are read",
                hint: "look for a conversion to safetensors or GGUF"
            )
        case .nothingLeft:
            self.init(.invalid, "`--exclude` leaves out every file of `\(repository)` that was chosen")
        case .noQuant(let has):
            let quant = request.selection.quant?.name ?? "default quantization"
            self.init(
                .unsupported,
                "`\(repository)` has no \(quant)",
                hint: has.isEmpty
                    ? "its GGUF files do not say how they are quantized; name one: `\(repository)/FILE.gguf`"
                    : "it has \(has.map(\.name).joined(separator: ", "))"
            )
        case .noFile(let has):
            let near = has.prefix(6).map { "`\($0)`" }.joined(separator: ", ")
            self.init(
                .notFound,
                "`\(repository)` has no file `\(request.selection.path?.string ?? "")`",
                hint: has.isEmpty
                    ? "it has no GGUF files"
                    : "its GGUF files: \(near)\(has.count > 6 ? " and \(has.count - 6) more" : "")"
            )
        case .incompleteSet(let stem, let missing):
            self.init(
                .invalid,
                "`\(repository)` lacks \(missing) of the shards of `\(stem)`",
                hint: "its publisher may still be uploading: try later, or choose another quantization"
            )
        case .ambiguous(let paths):
            self.init(
                .conflict,
                "`\(repository)` has several files that fit: \(paths.prefix(4).map { "`\($0)`" }.joined(separator: ", "))",
                hint: "name one: `\(repository)/\(paths[0])`"
            )
        }
    }
}
