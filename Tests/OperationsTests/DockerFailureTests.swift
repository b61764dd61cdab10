import Glibc
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// How the engine's troubles are worded.
struct DockerFailureTests {
    private func failing(
        _ environment: [String: String] = [:],
        _ respond: (@Sendable (StubRequest) -> StubResponse)? = nil
    ) async throws -> Failure? {
        let home = try TestHome()
        let server = try respond.map {
            try StubServer(name: "docker", socket: home.directory.appending("docker.sock"), respond: $0)
        }
        defer { server?.stop() }
        return await failure { try await Restart().run(in: home.workspace(environment)) { _ in } }
    }

    private static let ping = StubResponse(headers: ["Api-Version": "1.41"], text: "OK")

    private func refusing(_ status: Int, _ body: String = #"{"message":"words"}"#) async throws -> Failure? {
        try await failing { $0.path == "/_ping" ? Self.ping : .json(body, status: status) }
    }

    @Test func `an engine that is not there is named, with what names it`() async throws {
        let named = try #require(try await failing())
        #expect(
            named.kind == .unavailable && named.message.contains("docker.sock`, which `DOCKER_HOST` names")
        )
        let usual = try #require(try await failing(["DOCKER_HOST": "", "XDG_RUNTIME_DIR": "/nowhere/x"]))
        if !FileSystem.exists("/var/run/docker.sock"), !FileSystem.exists("/run/podman/podman.sock") {
            #expect(usual.kind == .unavailable)
            for place in ["/nowhere/x/docker.sock", "/var/run/docker.sock", "/nowhere/x/podman/podman.sock"] {
                #expect(usual.message.contains("`\(place)`"))
            }
            #expect(usual.hint?.contains("systemctl start docker") == true)
        }
        let context = try #require(try await failing(["DOCKER_HOST": "", "DOCKER_CONTEXT": "gpu"]))
        #expect(context.kind == .invalid && context.message.contains("`gpu`") && context.hint != nil)
    }

    @Test(arguments: ["npipe://x", "tcp://", "http://me:secret@host:1"])
    func `an address that is none is told without what is secret in it`(address: String) async throws {
        let failure = try #require(try await failing(["DOCKER_HOST": address]))
        #expect(failure.kind == .invalid && !failure.message.contains("secret"))
        #expect(failure.hint?.contains("unix:///") == true)
    }

    @Test(
        arguments: [
            (404, .notFound), (409, .conflict), (500, .failed), (503, .unavailable), (403, .refused),
            (401, .refused),
        ] as [(Int, Failure.Kind)]
    )
    func `a refusal has the engine's words and a kind of its own`(status: Int, kind: Failure.Kind)
        async throws
    {
        let failure = try #require(try await refusing(status))
        #expect(failure.kind == kind)
        #expect(status == 404 || failure.message.contains("words"))
    }

    @Test func `an engine that makes no sense, is too old or too new is told so`() async throws {
        #expect(try await refusing(200, "{")?.kind == .invalid)
        let old = try #require(
            try await failing { _ in StubResponse(headers: ["Api-Version": "1.24"], text: "OK") }
        )
        #expect(
            old.kind == .unsupported && old.message.contains("1.24") && old.hint?.contains("1.41") == true
        )
        let new = try #require(
            try await failing { request in
                request.path == "/_ping"
                    ? StubResponse(headers: ["Api-Version": "3.0"], text: "OK")
                    : .json(#"{"MinAPIVersion":"2.7"}"#)
            }
        )
        #expect(new.kind == .unsupported && new.message.contains("2.7"))
        #expect(try await failing { _ in .garbage([]) }?.kind == .unavailable)
    }

    @Test func `an engine that cannot be had over ssh is told in ssh's words`() async throws {
        let folder = try TemporaryDirectory()
        let ssh = try folder.write(
            "#!/bin/sh\necho 'Permission denied (publickey).' >&2\nexit 255\n",
            to: "ssh"
        )
        #expect(chmod(ssh.string, 0o755) == 0)
        let failure = try #require(
            try await failing(["DOCKER_HOST": "ssh://me@gpu1", "PATH": folder.path.string])
        )
        #expect(failure.kind == .unavailable && failure.message.contains("Permission denied (publickey)."))
        #expect(failure.hint == "try `ssh me@gpu1 docker version`")
    }
}
