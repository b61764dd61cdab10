import ArgumentParser
import Catalog
import Operations
import Platform

struct LoRAVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lora",
        abstract: "LoRA adapters of a model",
        discussion: """
            An adapter is judged by its header before anything is fetched or written: whether it was made for the model, \
            and whether the stack's engine can serve it. It is kept in the stack's folder of adapters and declared in the \
            model's configuration; the next `use` has the engine lay it over the model.
            """,
        subcommands: [LoRAAddVerb.self, LoRARemoveVerb.self, LoRAListVerb.self]
    )
}

struct LoRAAddVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Fetch an adapter and declare it in the model's configuration",
        discussion: """
            SOURCE is a repository of the hub (`OWNER/NAME[@REVISION]`), one GGUF in it (`OWNER/NAME/FILE.gguf`), a folder \
            of PEFT, or a local GGUF. vLLM and mistral.rs take PEFT; llama.cpp takes GGUF, which is made of what PEFT has \
            written where a source has none. A relative path begins at the working directory.
            """
    )

    @Argument(help: "The model, or the name of its configuration.")
    var model: String

    @Argument(
        help: ArgumentHelp(
            "What clients call the adapter, and where it comes from.",
            valueName: "name=source"
        )
    )
    var adapter: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            How strongly it is laid over the weights, where the engine can be told: from \(DeclaredAdapter.scaleRange); \
            0 loads it and leaves it off, below 0 it is taken away from them.
            """,
            valueName: "s"
        )
    )
    var scale: Double?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    private var parts: (name: String, source: String)? {
        let parts = adapter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        return (String(parts[0]), String(parts[1]))
    }

    func validate() throws {
        guard parts != nil else { throw ValidationError("`\(adapter)` is not of the form NAME=SOURCE") }
        if let scale, !DeclaredAdapter.isScale(scale) {
            throw ValidationError("--scale must be from \(DeclaredAdapter.scaleRange)")
        }
    }

    func run() async throws {
        guard let (name, source) = parts else { return }
        let added = try await common.showingProgress(name) { report in
            try await LoRAAdd(model, name: name, source: source, scale: scale)
                .run(in: common.workspace(), isDryRun: change.dryRun, report: report)
        }
        try common.output.tell(added) { LoRAView.text(added, isDryRun: change.dryRun) }
    }
}

struct LoRARemoveVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Take an adapter out of the model's configuration",
        discussion: "Its files go when no other configuration names them and no launch of a stack has them."
    )

    @Argument(help: "The model, or the name of its configuration.")
    var model: String

    @Argument(help: "The adapter.")
    var name: String

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let workspace = try common.workspace()
        let removal = LoRARemove(model, name: name)
        if !change.dryRun {
            let plan = try await removal.run(in: workspace, isDryRun: true, report: { _ in })
            // An entry is as quickly written again; files may take hours.
            if !plan.removed.isEmpty {
                try await change.confirm("remove \(LoRAView.summary(plan))?", on: common.talk)
            }
        }
        let removed = try await removal.run(in: workspace, isDryRun: change.dryRun, report: common.reporter)
        for stack in removed.servedBy {
            common.reporter(.warning("`\(stack)` serves it until the next `use`; its files stay for that"))
        }
        try common.output.tell(removed) { LoRAView.text(removed, isDryRun: change.dryRun) }
    }
}

struct LoRAListVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the adapters of a model or of all, and whether the stack's engine can serve them"
    )

    @Argument(help: "The model, or the name of its configuration.")
    var model: String?

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let listed = try await LoRAList(model).run(in: common.workspace(), report: common.reporter)
        try common.output.print(listed) {
            common.quiet
                ? listed.map { LoRAView.line($0) }.joined()
                : LoRAView.table(listed, common.output.terminal)
        }
    }
}
