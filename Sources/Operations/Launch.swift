public import Catalog
import Engines
import Formats
import Platform
import Store
import SystemPackage

/// Works out the engine's command that serves a stored model.
public struct Launch: Sendable {
    /// How the command is written.
    public enum Format: String, Sendable, CaseIterable {
        /// For a POSIX shell, an option a line; for each of several machines a line.
        case shell
        /// A file for Docker Compose.
        case compose
        /// The words and the rest as one JSON document.
        case json
        /// A file of variables, as `docker run --env-file` reads it.
        case env
        /// Manifests for Kubernetes.
        case k8s
    }

    /// The command.
    public struct Command: Sendable, Encodable {
        /// The engine.
        public let engine: EngineName
        /// The words of the command, the program first.
        public let argv: [String]
        /// The variables it needs.
        public let env: [String: String]
        /// The variables whose values are secrets, and where these are.
        public let secrets: [String: String]
        /// The engine's image, if the stack names one.
        public let image: String?
        /// What clients call the model.
        public let model: String
        /// What is set and the engine has no word for.
        public let unused: [String]
        /// The commands of several machines that serve the model together.
        public let nodes: [Node]
        /// The command as it was asked for.
        let text: String

        /// The command as it was asked to be written.
        public var written: String { text }

        private enum CodingKeys: CodingKey { case engine, argv, env, secrets, image, model, unused, nodes }
    }

    /// What one of several machines is to run.
    public struct Node: Sendable, Encodable {
        /// The machine's address.
        public let address: String
        /// The words of its command.
        public let argv: [String]
        /// The variables it needs.
        public let env: [String: String]
    }

    /// A stored model with the engine's command for it.
    struct Plan: Sendable {
        let key: ModelKey
        let launch: LaunchPlan
        let volume: FilePath
        let stack: Stack
        let settings: EffectiveSettings
        let size: ByteCount
    }

    private let lookup: StoredLookup
    private let flags: EffectiveSettings

    /// Describes a question; the flags of the command go before all that is declared.
    public init(
        _ reference: ModelReference,
        format: ModelFormat? = nil,
        quant: Quantization? = nil,
        flags: EffectiveSettings = EffectiveSettings()
    ) {
        lookup = StoredLookup(reference: reference, quant: quant, format: format)
        self.flags = flags
    }

    /// Answers from what is declared and the model's header, and notes that the model is used; nothing is started.
    public func run(
        in workspace: Workspace,
        as format: Format = .shell,
        report: @escaping Reporter
    ) async throws(Failure) -> Command {
        let plan = try await plan(in: workspace)
        let launch = plan.launch
        let text = try plan.written(as: format, report)
        await ContextAdvice(lookup.reference, quant: lookup.quant, flags: flags).report(
            in: workspace,
            to: report
        )
        plan.reportUnused(to: report)
        // The files for Compose and Kubernetes hand it on by themselves.
        if [.shell, .json, .env].contains(format), let mount = plan.keyMount {
            report(.note("the server reads its key at \(LaunchPlan.keyPath): give its container `\(mount)`"))
        }
        ModelStore(volume: plan.volume).noteUse(of: plan.key)
        return Command(
            engine: launch.engine,
            argv: launch.argv,
            env: launch.nodes.first?.environment ?? launch.environment,
            secrets: launch.secrets.mapValues { "\($0)" },
            image: launch.image,
            model: launch.model,
            unused: launch.unused.map(\.path),
            nodes: launch.nodes.map { Node(address: $0.address, argv: $0.argv, env: $0.environment) },
            text: text
        )
    }

    /// Works it out, and leaves no note.
    func plan(in workspace: Workspace) async throws(Failure) -> Plan {
        let model = try await ConfiguredModel(
            lookup.reference,
            quant: lookup.quant,
            format: lookup.format,
            in: workspace
        )
        let wanted = StoredLookup(reference: model.reference, quant: model.quant, format: model.format)
        let (stack, stored) = try await wanted.one(in: workspace)
        var settings = try EffectiveConfig(model.config, of: stack, flags: flags, in: workspace).settings
        settings.placeKey(below: workspace.home.path)
        guard let format = ModelFormat(rawValue: stored.key.format) else {
            throw Failure(.unsupported, "`\(stored.key.model)` has the unknown format `\(stored.key.format)`")
        }
        if let file = stored.firstMissingFile {
            throw Failure(
                .invalid,
                "`\(file.path)` of `\(stored.key.model)` is missing or cut short",
                hint: stored.remedy(on: stack)
            )
        }
        let adapters =
            try ownAdapters(of: stored, on: stack)
            + DeclaredAdapters(settings, on: stack).found(in: workspace)
        let paths = stored.manifest.files.map(\.path)
        let root = stored.key.path(below: stack.mount)
        let request = LaunchRequest(
            stack: stack,
            settings: settings,
            model: stored.key.model,
            format: format,
            quantization: Quantization(parsing: stored.key.quant),
            files: paths.map { "\(root)/\($0)" },
            adapters: adapters,
            draft: try await draft(settings, in: workspace),
            facts: try? ModelFacts.read(format, in: stored.layout.directory(of: stored.key), files: paths)
        )
        do throws(LaunchRefusal) {
            return Plan(
                key: stored.key,
                launch: try LaunchPlan(request),
                volume: stored.layout.volume,
                stack: stack,
                settings: settings,
                size: ByteCount(stored.manifest.files.reduce(0) { $0 + $1.sizeBytes.bytes })
            )
        } catch { throw refused(stored, by: stack, error, in: workspace) }
    }

    private func refused(
        _ stored: StoredModel,
        by stack: Stack,
        _ refusal: LaunchRefusal,
        in workspace: Workspace
    ) -> Failure {
        let failure = Failure(refusal, stack: stack, model: stored.key.model)
        guard case .formatNotServed(_, let format) = refusal else { return failure }
        return failure.hinting(elsewhere(stored, stack, format, in: workspace))
    }

    /// What to do about a format that the stack's engine does not read.
    private func elsewhere(
        _ stored: StoredModel,
        _ stack: Stack,
        _ format: ModelFormat,
        in workspace: Workspace
    ) -> String {
        let model = stored.key.model
        let readable = stack.engine.formats(preferring: stack.defaults.format)[0]
        var ways: [String] = []
        let reference = try? ModelReference(parsing: model)
        let entry = reference.flatMap { (try? workspace.catalog())?.entry(for: $0)?.entry }
        if readable == .gguf {
            ways.append("make a GGUF of it with `stackctl \(stack.name) convert \(model) --quant q4_k_m`")
        } else if entry?.safetensors != nil {
            ways.append(
                "fetch \(readable.rawValue) with `stackctl \(stack.name) pull \(model) --format \(readable.rawValue)`"
            )
        } else {
            ways.append("pull its original repository, in \(readable.rawValue)")
        }
        let other = ((try? workspace.stacks()) ?? []).first {
            $0.engine.formats(preferring: format).contains(format)
        }
        if let other {
            ways.append(
                "serve it with a stack that reads \(format.rawValue): `stackctl \(other.name) use \(model)`"
            )
        }
        return ways.joined(separator: ", or ")
    }

    /// The adapters that came with the model.
    private func ownAdapters(of stored: StoredModel, on stack: Stack) throws(Failure) -> [LaunchAdapter] {
        let adapters = stored.manifest.adapters ?? []
        if let lost = adapters.first(where: { !FileSystem.exists($0.below(stack.adapters)) }) {
            throw Failure(
                .invalid,
                "the adapter `\(lost)` of `\(stored.key.model)` is missing",
                hint: "fetch it again with `stackctl \(stack.name) pull \(stored.manifest.source.shown)`"
            )
        }
        return adapters.map { LaunchAdapter(path: "\(Stack.adapterMount)/\($0)") }
    }

    /// The files of the smaller model that guesses ahead, as the container sees them; none where a path says where it is.
    private func draft(_ settings: EffectiveSettings, in workspace: Workspace) async throws(Failure)
        -> [String]
    {
        guard let name = settings[SettingKey.speculativeModel], !name.hasPrefix("/") else { return [] }
        let reference: ModelReference
        do throws(ModelReferenceError) { reference = try ModelReference(parsing: name) } catch {
            throw Failure(.invalid, "`speculative.model` names no model: \(error)", cause: error)
        }
        let (stack, stored) = try await StoredLookup(reference: reference).one(in: workspace)
        let root = stored.key.path(below: stack.mount)
        return stored.manifest.files.map { "\(root)/\($0.path)" }
    }
}

extension Launch.Plan {
    /// Says what is set for this model and comes to nothing with its engine.
    func reportUnused(to report: Reporter) {
        reportReplaced(to: report)
        // What was shipped is for all engines, and of no surprise where one does not take it.
        let own = launch.unused.filter { setting in
            guard case .file(let file, _)? = settings[setting]?.origin else {
                return settings[setting] != nil
            }
            return !file.hasPrefix("built-in ")
        }
        guard !own.isEmpty else { return }
        let names = own.map { "`\($0.path)`" }.joined(separator: ", ")
        report(.warning("\(launch.engine.rawValue) has no word for \(names), and is not told"))
    }

    /// The volume that has the container see the file with the key, if a file has it.
    var keyMount: String? { launch.keySource.map { "\($0):\(LaunchPlan.keyPath):ro" } }

    private func reportReplaced(to report: Reporter) {
        let extra = SettingKey<[String]>.extra(of: launch.engine).setting
        for setting in launch.replaced {
            guard let entry = settings[setting] else { continue }
            // What holds for all models of a stack is there to be replaced for one.
            let isUsual = entry.origin.isFile && stack.settings[setting]?.origin == entry.origin
            if isUsual, stack.settings[extra]?.origin != settings[extra]?.origin { continue }
            report(
                .warning(
                    "`\(setting.path)` (\(entry.origin)) has no effect: `\(extra.path)` has words in its place"
                )
            )
        }
    }

    fileprivate func written(as format: Launch.Format, _ report: Reporter) throws(Failure) -> String {
        do throws(LaunchRefusal) {
            switch format {
            case .shell, .json: return launch.shell + "\n"
            case .env:
                let variables = try launch.variables
                if !variables.arguments.isEmpty {
                    report(.warning(Self.words(variables.arguments, launch.engine)))
                }
                return variables.text
            case .compose: return try LaunchService(launch, in: stack, size: size).compose
            case .k8s: return try LaunchService(launch, in: stack, size: size).kubernetes
            }
        } catch { throw Failure(error, stack: stack, model: key.model) }
    }
}

extension Launch.Plan {
    private static func words(_ arguments: [[String]], _ engine: EngineName) -> String {
        let names = arguments.compactMap(\.first).filter { $0.hasPrefix("-") }.map { "`\($0)`" }
        let what = names.isEmpty ? "arguments" : names.joined(separator: ", ")
        return
            "\(engine.rawValue) has no variable for \(what): the file has them as comments, to be given as the command"
    }
}

extension Failure {
    fileprivate init(_ refusal: LaunchRefusal, stack: Stack, model: String) {
        let launch = "stackctl \(stack.name) launch \(model)"
        let (what, hint): (String, String?) =
            switch refusal {
            case .severalMachines:
                ("cannot be written so", "`\(launch) --format shell` prints the command of each machine")
            case .keyNotInVariables:
                (
                    "cannot be written so",
                    "`\(launch) --format compose` does not start without it; nor does a server with `api_key: file:PATH`"
                )
            case .oneMachine:
                (
                    "cannot be served",
                    "name all of them in `nodes`, or take it out with `stackctl config unset \(model) nodes`"
                )
            case .argumentReserved:
                (
                    "",
                    "take it out of `extra`; `stackctl config show \(model)` tells where each setting is from"
                )
            case .secretInCommand:
                ("", "take it out of `extra`, and set `api_key` to `env:NAME` or `file:PATH`")
            default: ("", nil)
            }
        let sentence = what.isEmpty ? "`\(stack.name)` cannot serve `\(model)`" : "`\(model)` \(what)"
        self.init(.unsupported, "\(sentence): \(refusal)", hint: hint, cause: refusal)
    }
}

extension EffectiveSettings {
    /// Has the file of a key start from a folder, as it is declared.
    fileprivate mutating func placeKey(below folder: FilePath) {
        let setting = SettingKey<SecretReference>.apiKey.setting
        guard case .file(let path)? = self[.apiKey], let entry = self[setting] else { return }
        let whole = SecretReference.file(folder.pushing(FilePath(path)).string)
        self[setting] = Entry(.text("\(whole)"), entry.origin)
    }
}

extension SettingOrigin {
    /// Whether a file says so, rather than who typed the command.
    fileprivate var isFile: Bool { if case .file = self { true } else { false } }
}
