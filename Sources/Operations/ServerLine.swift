import Catalog
import Docker
import Engines
import Platform
import SystemPackage

/// The way to a stack's server: the published port that its clients use, or a command inside its container.
struct ServerLine: Sendable {
    /// The most that is taken of an answer.
    private static let mostBytes = 1_000_000

    private let stack: Stack
    private let container: String
    /// The key that the server wants, as far as its container's environment has it.
    private let key: String?

    /// The way to the server of a container.
    init(_ stack: Stack, _ container: Docker.Container) {
        self.stack = stack
        self.container = container.id
        let script = ActiveLaunch(stack: stack).isRead(by: container) ? ActiveLaunch(stack: stack).text : nil
        let environment = container.configuration.environment
        let declared: String? =
            switch script.flatMap(LaunchScript.key(in:)) {
            case .variable(let name): environment?[name]
            case .file(let path): container.content(of: path)
            case nil: nil
            }
        let text = declared ?? stack.engine.keyVariable.flatMap { environment?[$0] }
        // llama.cpp takes several in its variable, any of which will do.
        key = stack.engine == .llamacpp ? text?.split(separator: ",").first.map { String($0) } : text
    }

    /// Asks at the published port; `nil` if nothing answers there.
    func ask(_ question: ServerQuestion, patience: Duration) async throws(DockerError) -> ServerAnswer? {
        let port = PublishedPort(host: stack.host, port: stack.port)
        let answer = try await port.ask(
            question.path,
            sending: question.body,
            key: key,
            patience: patience,
            limit: ByteCount(Int64(Self.mostBytes))
        )
        return answer.map { ServerAnswer($0.status, $0.body) }
    }

    // MARK: Inside

    /// How much longer than `curl` itself its answer may take to come out of the container.
    private static let delay = Duration.seconds(5)

    /// Has `curl` ask inside the container; `nil` if nothing answers there either in time, or the image has no `curl`.
    func askInside(_ question: ServerQuestion, patience: Duration, in engine: DockerClient)
        async throws(DockerError) -> ServerAnswer?
    {
        // Whatever holds the command up in there: a container that is paused runs none to its end.
        let first = await withTaskGroup(of: Result<ServerAnswer?, DockerError>?.self) { group in
            group.addTask {
                do throws(DockerError) {
                    return .success(try await exchange(question, patience: patience, in: engine))
                } catch { return .failure(error) }
            }
            group.addTask {
                try? await Task.sleep(for: patience + Self.delay)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        if Task.isCancelled { throw .cancelled }
        return try first?.get() ?? nil
    }

    private func exchange(_ question: ServerQuestion, patience: Duration, in engine: DockerClient)
        async throws(DockerError) -> ServerAnswer?
    {
        // All that is asked goes by its input: words of a command are for everybody to see.
        let plan = ExecPlan(["curl", "--disable", "--config", "-"], hasInput: true)
        do throws(DockerError) {
            let session = try await engine.start(try await engine.prepare(plan, in: container), plan)
            try await session.send(Array(configuration(question, patience).utf8))
            try await session.finishInput()
            var output: [UInt8] = []
            while let piece = try await session.output.next() {
                guard piece.kind == .output else { continue }
                output += piece.bytes
                guard output.count <= Self.mostBytes else { return nil }
            }
            guard try await engine.exitCode(of: session.id) == 0 else { return nil }
            return Self.answer(output)
        } catch {
            switch error {
            // How engines say that there is no such program.
            case .engine, .notFound, .conflict, .brokenOff: return nil
            default: throw error
            }
        }
    }

    /// What `curl` reads.
    private func configuration(_ question: ServerQuestion, _ patience: Duration) -> String {
        var lines = [
            "silent", "noproxy = \"*\"", "max-time = \(max(1, Int(patience / .seconds(1))))",
            "write-out = \"\\n%{http_code}\"",
            "url = \(Self.quoted("http://127.0.0.1:\(stack.port)\(question.path)"))",
        ]
        if let key { lines.append("header = \(Self.quoted("Authorization: Bearer \(key)"))") }
        if let body = question.body {
            lines.append("header = \"Content-Type: application/json\"")
            lines.append("data-binary = \(Self.quoted(String(decoding: body, as: UTF8.self)))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func quoted(_ text: String) -> String {
        let escapes: [Unicode.Scalar: String] = [
            "\\": #"\\"#, "\"": #"\""#, "\t": #"\t"#, "\n": #"\n"#, "\r": #"\r"#,
        ]
        return "\"" + text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined() + "\""
    }

    /// Takes the status from behind the body.
    private static func answer(_ output: [UInt8]) -> ServerAnswer? {
        guard let end = output.lastIndex(of: UInt8(ascii: "\n")),
            let status = Int(String(decoding: output[(end + 1)...], as: UTF8.self)), status > 0
        else { return nil }
        return ServerAnswer(status, Array(output[..<end]))
    }
}

extension Docker.Container {
    /// What of this machine the container sees at a path; `nil` if that is its own.
    func source(of path: String) -> FilePath? {
        let mount = mounts.filter { path == $0.destination || path.hasPrefix("\($0.destination)/") }
            .max { $0.destination.count < $1.destination.count }
        guard let mount, let source = mount.source else { return nil }
        return FilePath(source + path.dropFirst(mount.destination.count))
    }

    /// The first line of a file that the container has from this machine, as it has Compose's secrets; `nil` of any other.
    fileprivate func content(of path: String) -> String? {
        guard let file = source(of: path), let bytes = try? FileSystem.read(file, limit: 65_536) else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(
            String.init
        )
    }
}

extension EngineName {
    /// The variable that an API key is in; mistral.rs asks for none.
    var keyVariable: String? {
        switch self {
        case .llamacpp: "LLAMA_API_KEY"
        case .vllm: "VLLM_API_KEY"
        case .mistralrs: nil
        }
    }
}
