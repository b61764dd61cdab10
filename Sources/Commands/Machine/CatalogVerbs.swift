import ArgumentParser
import Catalog
import Operations
import Platform
import SystemPackage

struct CatalogVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "The registry of model names",
        discussion: "It is compiled in, and overlaid by `config/models.yaml` of the home.",
        subcommands: [
            CatalogList.self, CatalogShow.self, CatalogSearch.self, CatalogAdd.self, CatalogValidate.self,
        ]
    )
}

struct CatalogList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List all models that have a name"
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let entries = try common.workspace().catalog().entries
        try common.output.print(entries.map(CatalogView.init)) {
            common.quiet
                ? entries.map { "\($0.reference)\n" }.joined()
                : CatalogView.table(entries, for: common.output.terminal)
        }
    }
}

struct CatalogShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what the catalog says of a model"
    )

    @Argument(help: "The model's name.", transform: ModelReference.typed)
    var model: ModelReference

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let entry = try CatalogLookup(model).run(in: common.workspace())
        let view = CatalogView(entry)
        try common.output.print(view) { view.text(for: common.output.terminal) }
    }
}

struct CatalogSearch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find models by words in their name, description, family, use or tags"
    )

    @Argument(help: "All of these words must be said of a model.")
    var words: [String]

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let entries = try common.workspace().catalog().search(words)
        try common.output.print(entries.map(CatalogView.init)) {
            CatalogView.table(entries, for: common.output.terminal)
        }
        if entries.isEmpty {
            throw Failure(
                .notFound,
                "the catalog has nothing for `\(words.joined(separator: " "))`",
                hint: "see `stackctl catalog ls`"
            )
        }
    }
}

struct CatalogValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a catalog for mistakes",
        discussion:
            "Prints one line for each, as `file:line:column: what is wrong`. Ends with status 4 if there is one."
    )

    @Argument(help: "The file; `config/models.yaml` of the home without this.")
    var file: String?

    @OptionGroup var common: CommonOptions

    /// A mistake as `--json` prints it.
    private struct Problem: Encodable {
        let file: String
        let line: Int
        let column: Int
        let message: String
    }

    func run() async throws {
        let path = try file.map { FilePath($0) } ?? ModelCatalog.file(in: common.workspace().home.path)
        if file == nil, !FileSystem.exists(path) {
            return try common.output.print([Problem]()) {
                "there is no \(path): the built-in catalog applies as it is\n"
            }
        }
        let problems = ModelCatalog.problems(at: path)
        if let cause = problems.first?.cause { throw Failure(system: cause) }
        try common.output.print(
            problems.map { Problem(file: $0.file, line: $0.line, column: $0.column, message: $0.message) }
        ) {
            problems.map { "\($0)\n" }.joined()
        }
        if !problems.isEmpty {
            throw Failure(
                .invalid,
                "\(path) has \(problems.count) \(problems.count == 1 ? "mistake" : "mistakes")"
            )
        }
    }
}
