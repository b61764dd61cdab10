import Docker
import Platform
import SystemPackage
import TestSupport
import Testing

struct DockerRefusalTests {
    @Test func `what the engine does not know is not found`() async throws {
        let engine = try StubEngine { _ in .json(#"{"message":"No such container: x"}"#, status: 404) }
        guard case .notFound("container x") = await dockerError({ try await engine.client.container("x") })
        else {
            Issue.record("another error")
            return
        }
    }

    @Test func `an engine that lacks a function is told from one that lacks a container`() async throws {
        let engine = try StubEngine { _ in StubResponse(404, text: "Not Found\n") }
        let failure = await dockerError { try await engine.client.update("x", restartPolicy: .never) }
        guard case .unsupported = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `a conflict is told in the engine's words`() async throws {
        let engine = try StubEngine { _ in .json(#"{"message":"the name is in use"}"#, status: 409) }
        let failure = await dockerError { try await engine.client.rename("x", to: "y") }
        guard case .conflict("the name is in use") = failure else {
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

    @Test(arguments: [
        [UInt8](), Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), Array("HTTP/1.1 200 OK\r\nContent-Le".utf8),
    ])
    func `an engine that hangs up or speaks otherwise has broken off`(answer: [UInt8]) async throws {
        let engine = try StubEngine { _ in .garbage(answer) }
        let failure = await dockerError { try await engine.client.container("x") }
        switch failure {
        case .brokenOff, .unreachable: break
        default: Issue.record("\(String(describing: failure))")
        }
    }

    @Test func `an engine that closes in the middle of its answer has broken off`() async throws {
        let engine = try StubEngine { _ in
            var response = StubResponse.json(Sample.container)
            response.trouble.dropAfter = 100
            return response
        }
        let failure = await dockerError { try await engine.client.container("x") }
        guard case .brokenOff = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `an engine that says nothing is given up`() async throws {
        let engine = try StubEngine(patience: .milliseconds(700)) { _ in
            var response = StubResponse.json(Sample.container)
            response.trouble.stallAfter = 10
            return response
        }
        let failure = await dockerError { try await engine.client.container("x") }
        guard case .unreachable = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `an engine that is slow but not silent is waited for`() async throws {
        let engine = try StubEngine(patience: .milliseconds(700)) { _ in
            var response = StubResponse.json(Sample.container)
            response.trouble.bytesPerSecond = 900
            return response
        }
        #expect(try await engine.client.container("x").id == "4fa6e0f0c678")
    }

    @Test func `without a socket there is no engine`() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.appending("docker.sock")
        let failure = await dockerError { try await DockerClient(socket: path).container("x") }
        guard case .noEngine(let address) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(address.place == .socket(path))
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

    @Test func `a task that is cancelled waits no longer`() async throws {
        let engine = try StubEngine { _ in
            var response = StubResponse(204)
            response.trouble.delay = .seconds(60)
            return response
        }
        let client = engine.client
        let task = Task { await dockerError { try await client.stop("x") } }
        _ = try await engine.server.waitUntil { $0.contains { $0.request.path.hasSuffix("/stop") } }
        task.cancel()
        guard case .cancelled = await task.value else {
            Issue.record("another error")
            return
        }
    }

    // MARK: Versions

    @Test(arguments: ["1.41", "1.45", "1.51"])
    func `the first answer tells the version for all questions that follow`(version: String) async throws {
        let engine = try StubEngine(version: version) { _ in .json(Sample.container) }
        _ = try await engine.client.container("a")
        _ = try await engine.client.container("a")
        #expect(engine.lines == ["GET /containers/a/json", "GET /v\(version)/containers/a/json"])
        #expect(engine.pings == 0)
    }

    @Test func `what changes something is not asked before a version is agreed on`() async throws {
        let engine = try StubEngine(version: "1.45") { _ in StubResponse(204) }
        try await engine.client.stop("a")
        #expect(engine.lines == ["POST /v1.45/containers/a/stop"])
        #expect(engine.pings == 1)
    }

    @Test func `a newer engine that still knows our version is spoken to in it`() async throws {
        let engine = try StubEngine(version: "1.60") { request in
            request.path == "/version"
                ? .json(#"{"ApiVersion":"1.60","MinAPIVersion":"1.44"}"#) : .json(Sample.container)
        }
        _ = try await engine.client.container("a")
        #expect(
            engine.lines == [
                "GET /containers/a/json", "GET /version", "GET /v\(EngineVersion.newest)/containers/a/json",
            ]
        )
    }

    @Test func `an engine that has left our version behind is too new`() async throws {
        let engine = try StubEngine(version: "2.1") { _ in
            .json(#"{"ApiVersion":"2.1","MinAPIVersion":"1.99"}"#)
        }
        guard
            case .tooNew(EngineVersion(major: 1, minor: 99)) = await dockerError({
                try await engine.client.version()
            })
        else {
            Issue.record("another error")
            return
        }
    }

    @Test(arguments: ["1.40", "1.9", "0.99", nil, "", "new", "1.41.0", "1"])
    func `an engine that is too old, or does not say, is not believed`(version: String?) async throws {
        let engine = try StubEngine(version: version) { _ in .json(Sample.container) }
        for ask in [{ _ = try await engine.client.container("a") }, { try await engine.client.stop("a") }] {
            guard case .tooOld = await dockerError(ask) else {
                Issue.record("another error")
                return
            }
        }
        // It was asked for a description, in words that it chose itself, and nothing more.
        #expect(engine.lines == ["GET /containers/a/json"])
    }
}
