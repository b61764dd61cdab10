import Platform
import SystemPackage
import TestSupport
import Testing

/// A home with the `llamacpp` stack as it is shipped, but for its image and its port, and small models in its volume; on an
/// engine where the image is the real `llama-server`.
final class LlamaStackHome: Sendable {
    let home: CommandLineHome
    let engine: PrivateEngine
    let port: UInt16
    private let programs: FilePath

    private init(pretendsGPUs: Bool) async throws {
        home = try CommandLineHome()
        programs = try await TestProgram.dockerCompose.path().removingLastComponent()
        // One of its own: the shipped container has one name, and tests end the engine.
        engine = try await PrivateEngine(.docker, pretendsGPUs: pretendsGPUs)
        try await LlamaServer.load(into: engine)
        port = try freePort()
    }

    /// Lends a home, and ends its engine afterwards; the shipped container asks for GPUs, of which there are none.
    static func with<Result>(
        pretendsGPUs: Bool = true,
        _ body: (LlamaStackHome) async throws -> Result
    ) async throws -> Result {
        let home = try await LlamaStackHome(pretendsGPUs: pretendsGPUs)
        try await home.prepare()
        let result = try await body(home)
        _ = try await home.run("down")
        return result
    }

    /// The folder of the stack.
    var folder: FilePath { home.home.pushing("stacks/llamacpp") }

    private func prepare() async throws {
        try #require(try await run("init", home.home.string).status == 0)
        for name in ["compose.yaml", "stack.yaml"] {
            let text = String(decoding: try FileSystem.read(folder.appending(name)), as: UTF8.self)
            try #require(text.contains("8080"))
            let edited = text.split(separator: "8080", omittingEmptySubsequences: false)
                .joined(separator: "\(port)")
            try FileSystem.write(Array(edited.utf8), to: folder.appending(name))
        }
        try FileSystem.write(
            Array("LLAMACPP_IMAGE=\(LlamaServer.image)\n".utf8),
            to: folder.appending(".env")
        )
        for model in [SpeakingModel.alpha, .beta, .broken] {
            try home.directory.write(try model.bytes(), to: "work/\(model.fileName)")
            let pulled = try await run("llamacpp", "pull", "./\(model.fileName)", "--as", model.word)
            try #require(pulled.status == 0, "\(pulled.errors)")
        }
    }

    func start(_ arguments: [String], terminal: BinaryRun.TerminalSize? = nil) throws -> BinaryRun {
        let environment = [
            "DOCKER_HOST": "unix://\(engine.socket)", "PATH": "\(programs):/usr/local/bin:/usr/bin:/bin",
        ]
        return try home.start(arguments, environment: environment, terminal: terminal)
    }

    func run(_ arguments: String...) async throws -> BinaryRun.Result {
        try await start(arguments).finish(timeout: .seconds(180))
    }

    // MARK: The server

    /// What the server says when it is asked for one word; `nil` if it does not answer.
    func word() async throws -> String? {
        let answer = try await ask(
            "POST",
            "/v1/completions",
            Array(#"{"prompt":"say","max_tokens":1,"temperature":0}"#.utf8)
        )
        guard case .string(let text)? = answer?["choices"]?.elements.first?["text"] else { return nil }
        return String(text.drop { $0 == " " })
    }

    /// The name of what the server serves; `nil` if it does not answer.
    func servedModel() async throws -> String? {
        let answer = try await ask("GET", "/v1/models", nil)
        guard case .string(let name)? = answer?["data"]?.elements.first?["id"] else { return nil }
        return name
    }

    private func ask(_ method: String, _ path: String, _ body: [UInt8]?) async throws -> AnyJSON? {
        let answer = try? await onOwnThread { [port] in
            // A server that is told to end while it computes may wait for whoever has asked to give up.
            try RawHTTP(port: port, timeout: .milliseconds(250)).send(
                method,
                path,
                headers: ["Content-Type": "application/json", "Connection": "close"],
                body: body
            )
        }
        guard let answer, answer.status == 200 else { return nil }
        return try AnyJSON(answer.text)
    }

    /// Waits until the server says something; what it says.
    func firstWord() async throws -> String? {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if let word = try await word() { return word }
            try await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }
}

extension Trait where Self == ConditionTrait {
    /// What needs the real `llama-server` in a container of a real engine.
    static var llamaServer: Self {
        .enabled("`scripts/llama-server` and `scripts/docker-compose` have not been run") {
            await TestProgram.areExpected()
        }
    }
}
