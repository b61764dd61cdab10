import Docker
import Platform
import SystemPackage
import TestSupport
import Testing

/// A Docker Engine that answers what a test wants.
private struct StubEngine {
    let folder: TemporaryDirectory
    let server: StubServer
    let client: DockerClient

    init(_ respond: @escaping StubServer.Responder) throws {
        folder = try TemporaryDirectory()
        server = try StubServer(socket: folder.appending("docker.sock"), respond: respond)
        client = DockerClient(socket: folder.appending("docker.sock"))
    }
}

/// What the engine refused with; fails the test if it did not refuse.
private func dockerError<Answer>(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ ask: () async throws -> Answer
) async -> DockerError? {
    do {
        let answer = try await ask()
        Issue.record("the engine answered \(answer)", sourceLocation: sourceLocation)
    } catch let error as DockerError {
        return error
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return nil
}

struct DockerClientTests {
    static let inspected = """
        {"Id":"4fa6e0f0c678","Created":"2025-01-01T00:00:00Z","Path":"/app/llama-server",
         "Args":["-m","/models/a"],
         "State":{"Status":"running","Running":true,"Pid":4711},"Name":"/llamacpp",
         "Config":{"Hostname":"x","Cmd":["-m","/models/a"],"Env":["A=1","B="],
                   "Image":"ghcr.io/x:1"},"Mounts":[]}
        """

    @Test func `a container is described`() async throws {
        let engine = try StubEngine { _ in .json(Self.inspected) }
        let container = try await engine.client.container("llamacpp")
        #expect(container.id == "4fa6e0f0c678")
        #expect(container.state.running)
        #expect(container.configuration.command == ["-m", "/models/a"])
        #expect(container.configuration.environment == ["A=1", "B="])
        #expect(container.arguments == ["-m", "/models/a"])
        #expect(
            engine.server.requests.map { "\($0.request.method) \($0.request.target)" } == [
                "GET /v1.41/containers/llamacpp/json"
            ]
        )
    }

    @Test func `a container without a command or environment is described too`() async throws {
        let engine = try StubEngine { _ in
            .json(#"{"Id":"a","State":{"Running":false},"Config":{"Cmd":null,"Env":null},"Args":null}"#)
        }
        let container = try await engine.client.container("a")
        #expect(!container.state.running)
        #expect(container.configuration.command == nil && container.configuration.environment == nil)
    }

    @Test(arguments: ["../volumes/x", "a b", "a?all=1", "a#b", "ä", "a\r\nX: y"])
    func `a name stays one part of the address`(name: String) async throws {
        let engine = try StubEngine { _ in .json(Self.inspected) }
        _ = try await engine.client.container(name)
        #expect(engine.server.requests.map(\.request.segments) == [["v1.41", "containers", name, "json"]])
        #expect(engine.server.requests.map(\.request.query.isEmpty) == [true])
    }

    @Test func `the containers of a service are those with compose's labels, also stopped ones`() async throws
    {
        let engine = try StubEngine { _ in
            .json(#"[{"Id":"one","Names":["/a"]},{"Id":"two","Names":["/b"]}]"#)
        }
        #expect(try await engine.client.containers(project: "stacks", service: "llamacpp") == ["one", "two"])
        let request = try #require(engine.server.requests.first?.request)
        #expect(request.path == "/v1.41/containers/json")
        #expect(request.query["all"] == "1")
        let filters = try JSON.decode(
            [String: [String]].self,
            from: Array((request.query["filters"] ?? "").utf8)
        )
        #expect(
            filters == [
                "label": ["com.docker.compose.project=stacks", "com.docker.compose.service=llamacpp"]
            ]
        )
    }

    @Test func `a service's name cannot end the filter`() async throws {
        let engine = try StubEngine { _ in .json("[]") }
        #expect(try await engine.client.containers(project: #"a"],"x":["b\"#, service: "&all=0").isEmpty)
        let request = try #require(engine.server.requests.first?.request)
        #expect(request.query["all"] == "1")
        let filters = try JSON.decode(
            [String: [String]].self,
            from: Array((request.query["filters"] ?? "").utf8)
        )
        #expect(filters.keys.sorted() == ["label"])
    }

    @Test func `a volume has a mount point`() async throws {
        let engine = try StubEngine { _ in
            .json(#"{"Name":"models","Driver":"local","Mountpoint":"/var/lib/docker/volumes/models/_data"}"#)
        }
        #expect(try await engine.client.volume("models").mountpoint == "/var/lib/docker/volumes/models/_data")
        #expect(engine.server.requests.map(\.request.target) == ["/v1.41/volumes/models"])
    }

    // MARK: Refusals

    @Test func `what the engine does not know is not found`() async throws {
        let engine = try StubEngine { _ in .json(#"{"message":"No such container: x"}"#, status: 404) }
        let failure = await dockerError { try await engine.client.container("x") }
        guard case .notFound("container x") = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test(arguments: [
        (#"{"message":"driver failed"}"#, "driver failed"), ("", "no reason given"), ("{", "no reason given"),
        ("<html>", "no reason given"), ("[]", "no reason given"),
    ])
    func `a refusal is told in the engine's words`(body: String, words: String) async throws {
        let engine = try StubEngine { _ in .json(body, status: 500) }
        let failure = await dockerError { try await engine.client.volume("models") }
        guard case .engine(status: 500, let message) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(message == words)
    }

    @Test(arguments: ["", "{", "[]", "{}", "null", #"{"Id":7}"#])
    func `an answer that makes no sense is unexpected`(body: String) async throws {
        let engine = try StubEngine { _ in .json(body) }
        let failure = await dockerError { try await engine.client.container("x") }
        guard case .unexpected = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `an engine that hangs up is unreachable`() async throws {
        let engine = try StubEngine { _ in .garbage([]) }
        let failure = await dockerError { try await engine.client.container("x") }
        guard case .unreachable = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `without a socket there is no engine`() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.appending("docker.sock")
        let failure = await dockerError { try await DockerClient(socket: path).container("x") }
        guard case .noEngine(path) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `a socket that nobody listens on is unreachable`() async throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("", to: "docker.sock")
        let failure = await dockerError { try await DockerClient(socket: path).container("x") }
        guard case .unreachable = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    // MARK: Addresses

    @Test func `the environment names a socket`() async throws {
        let engine = try StubEngine { _ in .json(Self.inspected) }
        let path = engine.folder.appending("docker.sock").string
        let client = try DockerClient(environment: [
            "DOCKER_HOST": "unix://\(path)", "XDG_RUNTIME_DIR": "/nowhere",
        ])
        #expect(try await client.container("x").id == "4fa6e0f0c678")
    }

    @Test func `a user's own engine goes before the machine's`() async throws {
        let engine = try StubEngine { _ in .json(Self.inspected) }
        let client = try DockerClient(environment: ["XDG_RUNTIME_DIR": engine.folder.path.string])
        #expect(try await client.container("x").id == "4fa6e0f0c678")
    }

    @Test(arguments: [
        "tcp://127.0.0.1:2375", "ssh://user@host", "npipe:////./pipe/docker", "/var/run/docker.sock", "fd://",
    ])
    func `other kinds of address are not spoken`(address: String) {
        let failure = #expect(throws: DockerError.self) {
            try DockerClient(environment: ["DOCKER_HOST": address])
        }
        guard case .unsupportedAddress(address) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `an address without a path leads to no engine`() async throws {
        let client = try DockerClient(environment: ["DOCKER_HOST": "unix://"])
        let failure = await dockerError { try await client.container("x") }
        guard case .noEngine = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }
}
