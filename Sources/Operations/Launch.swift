public import Catalog
import Engines
import Formats
import Platform
import Store
import SystemPackage

/// Works out the engine's command that serves a stored model.
public struct Launch: Sendable {
    /// The command.
    public struct Command: Sendable, Encodable {
        /// The engine.
        public let engine: EngineName
        /// The words of the command, the program first.
        public let argv: [String]
        /// The variables it needs.
        public let env: [String: String]
        /// The engine's image, if the stack names one.
        public let image: String?
        /// What clients call the model.
        public let model: String

        /// The command for a POSIX shell, an option a line.
        public var shell: String { ShellCommand.render(argv, environment: env) }
    }

    /// A stored model with the engine's command for it.
    struct Plan: Sendable {
        let key: ModelKey
        let launch: LaunchPlan
        let volume: FilePath
    }

    private let lookup: StoredLookup

    /// Describes a question.
    public init(_ reference: ModelReference, format: ModelFormat? = nil, quant: Quantization? = nil) {
        lookup = StoredLookup(reference: reference, quant: quant, format: format)
    }

    /// Answers from the stack's declaration and the model's header, and notes that the model is used; nothing is started.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> Command {
        let plan = try await plan(in: workspace)
        await ContextAdvice(lookup.reference, quant: lookup.quant).report(in: workspace, to: report)
        ModelStore(volume: plan.volume).noteUse(of: plan.key)
        return Command(
            engine: plan.launch.engine,
            argv: plan.launch.argv,
            env: plan.launch.environment,
            image: plan.launch.image,
            model: plan.launch.model
        )
    }

    /// Works it out, and leaves no note.
    func plan(in workspace: Workspace) async throws(Failure) -> Plan {
        let (stack, stored) = try await lookup.one(in: workspace)
        guard let format = ModelFormat(rawValue: stored.key.format) else {
            throw Failure(.unsupported, "`\(stored.key.model)` has the unknown format `\(stored.key.format)`")
        }
        if let file = stored.firstMissingFile {
            throw Failure(
                .invalid,
                "`\(file.path)` of `\(stored.key.model)` is missing or cut short",
                hint: "fetch it again with `stackctl \(stack.name) verify \(stored.key.model) --repair`"
            )
        }
        let adapters = stored.manifest.adapters ?? []
        if let lost = adapters.first(where: { !FileSystem.exists($0.below(stack.adapters)) }) {
            throw Failure(
                .invalid,
                "the adapter `\(lost)` of `\(stored.key.model)` is missing",
                hint: "fetch it again with `stackctl \(stack.name) pull \(stored.manifest.source.shown)`"
            )
        }
        let paths = stored.manifest.files.map(\.path)
        let root = stored.key.path(below: stack.mount)
        let request = LaunchRequest(
            stack: stack,
            model: stored.key.model,
            format: format,
            quantization: Quantization(parsing: stored.key.quant),
            files: paths.map { "\(root)/\($0)" },
            adapters: adapters.map { "\(Stack.adapterMount)/\($0)" },
            facts: try? ModelFacts.read(format, in: stored.layout.directory(of: stored.key), files: paths)
        )
        do throws(LaunchRefusal) {
            let launch = try LaunchPlan(request)
            return Plan(key: stored.key, launch: launch, volume: stored.layout.volume)
        } catch { throw Failure(error, stack: stack, model: stored.key.model) }
    }
}

extension Failure {
    fileprivate init(_ refusal: LaunchRefusal, stack: Stack, model: String) {
        self.init(.unsupported, "`\(stack.name)` cannot serve `\(model)`: \(refusal)", cause: refusal)
    }
}
