public import Catalog
import Glibc
import Platform
import SystemPackage

/// Lets a person change the file of a model in an editor, and keeps what is right alone.
public struct ConfigEditing: Sendable {
    /// What came of it.
    public struct Outcome: Sendable, Encodable {
        /// The name of the file.
        public let name: String
        /// The file.
        public let path: String
        /// Whether anything changed.
        public let changed: Bool
    }

    private let lookup: ConfigLookup

    /// Describes a change of the file that is named, or of a new one for the model that is.
    public init(_ text: String) { lookup = ConfigLookup(text) }

    /// Opens the editor on a copy, as often as there are mistakes and `retry` says yes to another try.
    public func run(
        in workspace: Workspace,
        retry: ([DeclarationError]) async throws -> Bool
    ) async throws -> Outcome {
        let found = try await lookup.find(in: workspace)
        let name: String
        if let found { name = found.name } else { name = try await lookup.newName(in: workspace) }
        let file = workspace.home.configFile(of: name)
        let before = try await text(name, in: workspace)
        let folder = try Self.folder(in: workspace)
        defer { try? FileSystem.remove(folder) }
        // The editor knows the language by the ending.
        let copy = folder.appending("\(name).yaml")
        try FileSystem.write(before, to: copy)
        while true {
            try await Editor(workspace.environment).open(copy)
            let bytes = try FileSystem.read(copy, limit: 4_000_000)
            if bytes == before { return Outcome(name: name, path: file.string, changed: false) }
            let problems = ModelConfig.problems(in: bytes, file: file.string)
            if problems.isEmpty {
                try save(bytes, over: before, name, in: workspace)
                return Outcome(name: name, path: file.string, changed: true)
            }
            guard try await retry(problems) else {
                throw Failure(.invalid, "nothing was changed: \(problems[0])")
            }
        }
    }

    private func text(_ name: String, in workspace: Workspace) async throws(Failure) -> [UInt8] {
        do throws(DeclarationError) {
            if let text = try workspace.home.configText(named: name) { return text.bytes }
        } catch { throw Failure(declaration: error) }
        let draft = try await ConfigNew(lookup.text).run(in: workspace, isDryRun: true, force: true)
        return Array(draft.text.utf8)
    }

    private func save(
        _ bytes: [UInt8],
        over before: [UInt8],
        _ name: String,
        in workspace: Workspace
    ) throws(Failure) {
        do throws(DeclarationError) {
            let file = workspace.home.configFile(of: name).string
            try workspace.home.changeConfig(named: name) { (present) throws(DeclarationError) in
                guard let present, present != before else { return bytes }
                throw DeclarationError(
                    file: file,
                    line: 0,
                    column: 0,
                    message: "somebody else changed it meanwhile, and nothing was written"
                )
            }
        } catch { throw Failure(declaration: error) }
    }

    private static func folder(in workspace: Workspace) throws(SystemError) -> FilePath {
        let parent = FilePath(workspace.environment["TMPDIR"] ?? "/tmp")
        let folder = parent.appending("stackctl-\(UInt64.random(in: 0 ... .max))")
        try FileSystem.createDirectory(folder, permissions: .ownerReadWriteExecute)
        return folder
    }
}

/// The editor of the person: `VISUAL`, `EDITOR`, else `vi` or `nano`.
private struct Editor {
    private let environment: Environment

    init(_ environment: Environment) { self.environment = environment }

    func open(_ file: FilePath) async throws {
        let chosen = ["VISUAL", "EDITOR"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        let usual = ["sensible-editor", "vi", "nano"].first { environment.program($0) != nil }
        guard let command = chosen ?? usual else {
            throw Failure(.failed, "there is no editor", hint: "name yours in the variable EDITOR")
        }
        // As git has it: the variable is a command, which may have arguments of its own.
        let child = try ChildProcess(
            "/bin/sh",
            ["-c", "\(command) \"$1\"", "editor", file.string],
            environment: environment,
            input: .inherited
        )
        let status = try await child.status()
        guard status == 0 else {
            throw Failure(
                .failed,
                "the editor `\(command)` ended with status \(status), and nothing was changed"
            )
        }
    }
}
