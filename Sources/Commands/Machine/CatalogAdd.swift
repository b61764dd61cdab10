import ArgumentParser
import Catalog
import Operations
import Platform
import SystemPackage

struct CatalogAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a model to the home's config/models.yaml",
        discussion: """
            The file's other lines stay as they are. For example:
              stackctl catalog add my-coder:7b --safetensors my-org/my-coder --gguf q4_k_m=my-org/my-coder-GGUF/my-coder-q4_k_m.gguf
            """
    )

    @Argument(
        help: ArgumentHelp(
            "The name, with a tag if the model comes in several sizes.",
            valueName: "name[:tag]"
        )
    )
    var name: String

    @Option(help: ArgumentHelp("The repository with the original weights.", valueName: "org/repo"))
    var safetensors: String?

    @Option(
        help: ArgumentHelp(
            "A quantization and the file that holds it, or `ollama://NAME`.",
            valueName: "quant=org/repo/file"
        )
    )
    var gguf: [String] = []

    @Option(
        help: ArgumentHelp("The repository with the tokenizer, if it is another one.", valueName: "org/repo")
    )
    var tokenizer: String?

    @Option(help: "What it is good for, in a line.")
    var description: String?

    @Option(help: ArgumentHelp("The architecture, for example llama.", valueName: "name"))
    var family: String?

    @Option(help: ArgumentHelp("The licence's id.", valueName: "id"))
    var licence: String?

    @Option(help: ArgumentHelp("The number of weights.", valueName: "n"))
    var parameters: Int?

    @Option(help: ArgumentHelp("The largest context, in tokens.", valueName: "n"))
    var context: Int?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard safetensors != nil || !gguf.isEmpty else {
            throw ValidationError("a model needs `--safetensors ORG/REPO` or `--gguf QUANT=ORG/REPO/FILE`")
        }
        for text in gguf { _ = try Self.source(text) }
    }

    private static func source(_ text: String) throws -> (Quantization, GGUFSource) {
        let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
        if halves.count == 2, let quant = Quantization(parsing: halves[0]),
            case .ollama(let name)? = (try? ModelReference(parsing: halves[1]))?.source
        {
            return (quant, GGUFSource(.ollama(name)))
        }
        let parts = (halves.last ?? "").split(separator: "/", maxSplits: 2).map(String.init)
        guard halves.count == 2, let quant = Quantization(parsing: halves[0]), parts.count == 3 else {
            throw ValidationError("`\(text)` is not of the form QUANT=ORG/REPO/FILE or QUANT=ollama://NAME")
        }
        return (quant, GGUFSource(repository: "\(parts[0])/\(parts[1])", file: parts[2]))
    }

    func run() async throws {
        let halves = name.split(separator: ":", maxSplits: 1).map(String.init)
        let addition = CatalogAddition(
            name: halves.first ?? name,
            tag: halves.count == 2 ? halves[1] : nil,
            description: description,
            safetensors: safetensors,
            tokenizer: tokenizer,
            gguf: Dictionary(try gguf.map(Self.source)) { _, last in last },
            family: family,
            licence: licence,
            parameters: parameters,
            context: context
        )
        let home = try common.workspace().home.path
        let path = ModelCatalog.file(in: home)
        if !change.dryRun {
            do throws(CatalogAdditionError) { try addition.write(home: home) } catch { throw Failure(error) }
        }
        try common.output.tell(["file": path.string, "model": name]) {
            "\(change.dryRun ? "would add" : "added") \(name) to \(path)\n"
        }
    }
}
