import Catalog
import Engines
import Platform
import SystemPackage

/// Looks for mistakes in the files of models.
public struct ConfigValidate: Sendable {
    /// How much something found matters.
    public enum Severity: String, Sendable, Encodable {
        /// The file cannot be used.
        case error
        /// It can, but does not do what it says.
        case warning
    }

    /// Something that was found.
    public struct Finding: Sendable, Encodable {
        /// The file.
        public let file: String
        /// The line, from 1.
        public let line: Int
        /// The column, from 1.
        public let column: Int
        /// What is wrong.
        public let message: String
        /// How much it matters.
        public let severity: Severity
    }

    private let names: [String]

    /// Describes a check of the files that are named, or of all of the home's.
    public init(_ names: [String]) { self.names = names }

    /// Answers how many files were read and what is wrong with them.
    public func run(
        in workspace: Workspace,
        report: @escaping Reporter
    ) async throws(Failure) -> (files: Int, findings: [Finding]) {
        var findings: [Finding] = []
        let names = try await chosen(in: workspace)
        for name in names {
            let text: (bytes: [UInt8], file: String, origin: DeclarationOrigin)?
            do throws(DeclarationError) { text = try workspace.home.configText(named: name) } catch {
                throw Failure(declaration: error)
            }
            guard let (bytes, file, _) = text else { throw missing(name, workspace) }
            let problems = ModelConfig.problems(in: bytes, file: file)
            findings += problems.map { Finding($0, .error) }
            if problems.isEmpty, let config = try workspace.config(named: name) {
                findings += arguments(config)
                findings += try saidTwice(config, in: workspace)
                findings += try await warnings(config, in: workspace)
            }
        }
        return (names.count, findings)
    }

    private func chosen(in workspace: Workspace) async throws(Failure) -> [String] {
        guard names.isEmpty else {
            var chosen: [String] = []
            for name in names {
                let isFile = try workspace.configNames().contains(name)
                chosen.append(isFile ? name : try await ConfigLookup(name).one(in: workspace).name)
            }
            return chosen
        }
        return try workspace.configNames().filter { FileSystem.exists(workspace.home.configFile(of: $0)) }
    }

    private func missing(_ name: String, _ workspace: Workspace) -> Failure {
        Failure(
            .notFound,
            "there is no configuration `\(name)`",
            hint: "`stackctl config ls` names those there are"
        )
    }

    /// What the engines would stop at.
    private func arguments(_ config: ModelConfig) -> [Finding] {
        EngineName.allCases.compactMap { engine in
            let key = SettingKey<[String]>.extra(of: engine)
            guard let words = config.settings[key], let entry = config.settings[key.setting] else {
                return nil
            }
            do throws(LaunchRefusal) {
                try ExtraArguments.check(words, of: engine)
                return nil
            } catch { return Finding(entry, "\(error)", .error) }
        }
    }

    // MARK: What settings and words say together

    /// What the file sets twice: by a setting, and by words for an engine that has a stack; and what such words may not say.
    private func saidTwice(_ config: ModelConfig, in workspace: Workspace) throws(Failure) -> [Finding] {
        var findings: [Finding] = []
        for engine in EngineName.allCases {
            let extra = SettingKey<[String]>.extra(of: engine).setting
            guard let words = config.settings[extra],
                let stack = try workspace.stacks().first(where: { $0.engine == engine })
            else { continue }
            // Which options a setting makes is the same for all models.
            let format = engine.formats(preferring: .gguf)[0]
            let files = format == .gguf ? ["model.gguf"] : ["config.json", "model.safetensors"]
            var request = LaunchRequest(
                stack: stack,
                settings: config.settings,
                model: config.name,
                format: format,
                files: files.map { "\(stack.mount)/model/\($0)" },
                draft: files.map { "\(stack.mount)/draft/\($0)" }
            )
            request.settings[SettingKey<[DeclaredAdapter]>.adapters.setting] = nil
            if let refusal = request.reservedInExtra { findings.append(Finding(words, "\(refusal)", .error)) }
            findings += request.replacedByExtra.compactMap { setting in
                config.settings[setting].map {
                    Finding(
                        $0,
                        "`\(setting.path)` has no effect on \(engine.rawValue): `\(extra.path)` has words in its place"
                    )
                }
            }
        }
        return findings
    }

    private func warnings(_ config: ModelConfig, in workspace: Workspace) async throws(Failure) -> [Finding] {
        var findings: [Finding] = []
        if workspace.stackName != nil {
            let stack = try workspace.stack()
            for setting in ModelConfig.table where !setting.engines.contains(stack.engine) {
                guard !setting.path.hasPrefix("extra."), let entry = config.settings[setting] else {
                    continue
                }
                findings.append(
                    Finding(entry, "\(stack.engine.rawValue) has no word for `\(setting.path)`")
                )
            }
        }
        if let reference = config.reference, let entry = config.settings[SettingKey.model.setting],
            let other = try await workspace.namesake(ofConfig: config.name, about: reference)
        {
            let way = "only `\(config.name).yaml` means this file"
            findings.append(Finding(entry, "`\(config.name)` is also \(other): \(way)"))
        }
        if let context = config.settings[.context], let reference = config.reference,
            let entry = config.settings[SettingKey.context.setting]
        {
            let limits = try await LimitLookup(reference).run(in: workspace) { _ in }
            if limits.known, context > limits.contextWindow {
                findings.append(
                    Finding(
                        entry,
                        "`context` is beyond the model's own window of \(limits.contextWindow) tokens"
                    )
                )
            }
        }
        return findings
    }
}

extension ConfigValidate.Finding {
    fileprivate init(_ problem: DeclarationError, _ severity: ConfigValidate.Severity) {
        self.init(
            file: problem.file,
            line: problem.line,
            column: problem.column,
            message: problem.message,
            severity: severity
        )
    }

    fileprivate init(
        _ entry: EffectiveSettings.Entry,
        _ message: String,
        _ severity: ConfigValidate.Severity = .warning
    ) {
        guard case .file(let file, let line) = entry.origin else {
            self.init(file: "\(entry.origin)", line: 0, column: 0, message: message, severity: severity)
            return
        }
        self.init(file: file, line: line, column: 1, message: message, severity: severity)
    }
}

/// Looks for mistakes in the settings of this machine.
public struct SettingsCheck: Sendable {
    /// Describes a check.
    public init() {}

    /// What is wrong with the file and with each variable.
    public func run(in workspace: Workspace) throws(Failure) -> [ConfigValidate.Finding] {
        var problems: [DeclarationError] = []
        var stacks: [EffectiveSettings.Entry] = []
        do throws(DeclarationError) {
            if let bytes = try Settings.text(in: workspace.home.path) {
                let file = Settings.file(in: workspace.home.path).string
                let (settings, mistakes) = Settings.reading(bytes, file: file)
                problems = mistakes
                stacks += [settings[Settings.stack]].compactMap(\.self)
            }
        } catch { throw Failure(declaration: error) }
        for setting in Settings.table {
            guard let variable = setting.variable, let text = workspace.environment[variable] else {
                continue
            }
            do throws(DeclarationError) {
                let settings = try Settings.read([variable: text])
                stacks += [settings[Settings.stack]].compactMap(\.self)
            } catch { problems.append(error) }
        }
        let findings = problems.map { ConfigValidate.Finding($0, .error) }
        return try findings + unknown(stacks, in: workspace) + unknownVariables(workspace.environment)
    }

    /// Those of the stacks that are named and that there are not.
    private func unknown(
        _ stacks: [EffectiveSettings.Entry],
        in workspace: Workspace
    ) throws(Failure) -> [ConfigValidate.Finding] {
        var findings: [ConfigValidate.Finding] = []
        do throws(DeclarationError) {
            let names = try workspace.home.stackNames()
            for entry in stacks {
                let name = entry.value.plain
                // One with a mistake in its own file is there.
                if names.contains(name) { continue }
                if try workspace.home.stack(named: name) != nil { continue }
                let near = nearestNames(to: name, in: names).first.map { ": did you mean `\($0)`?" } ?? ""
                findings.append(ConfigValidate.Finding(entry, "there is no stack `\(name)`\(near)", .error))
            }
        } catch { throw Failure(declaration: error) }
        return findings
    }

    /// Variables of ours that mean nothing, as one with a slip in its name does.
    private func unknownVariables(_ environment: Environment) -> [ConfigValidate.Finding] {
        let known = Settings.table.compactMap(\.variable) + ["STACKCTL_HOME"]
        return environment.names.filter { $0.hasPrefix("STACKCTL_") && !known.contains($0) }.map { name in
            let near = nearestNames(to: name, in: known).first.map { ": did you mean `\($0)`?" } ?? ""
            let entry = EffectiveSettings.Entry(.text(""), .variable(name))
            return ConfigValidate.Finding(entry, "there is no such variable\(near)")
        }
    }
}
