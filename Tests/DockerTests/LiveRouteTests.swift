import Docker
import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing
import Transport

/// Engines that are not at a socket of this machine.
@Suite(.engines)
struct LiveRouteTests {
    // MARK: TLS

    @Test func `an engine behind TLS is spoken to by those whom it knows`() async throws {
        let certificates = try await TestCertificates()
        let port = try freePort()
        let folder = certificates.folder
        let engine = try await PrivateEngine(
            .docker,
            options: [
                "-H", "tcp://127.0.0.1:\(port)", "--tlsverify", "--tlscacert", "\(folder)/ca.pem",
                "--tlscert", "\(folder)/server-cert.pem", "--tlskey", "\(folder)/server-key.pem",
            ]
        )
        let client = try DockerClient(environment: [
            "DOCKER_HOST": "tcp://127.0.0.1:\(port)", "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": folder.string,
            // A proxy is for what is far away.
            "http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1",
        ])
        let live = LiveEngine(engine: engine, client: client)
        try await live.with("echo up; sleep 600") { container in
            let plan = ExecPlan(["/bin/sh", "-c", "cat; echo end >&2; exit 6"], hasInput: true)
            let bytes = StubContent.generated(size: 3_000_000, seed: 3).all
            let executed = try await live.execute(plan, in: container, input: bytes)
            #expect(executed.output == bytes && executed.errorText == "end\n" && executed.status == 6)
            #expect(
                try await client.logs(of: container, LogSelection(follows: true)).next()?.bytes
                    == Array("up\n".utf8)
            )
        }
        try await refusals(port, folder)
        try await engine.stop()
    }

    private func refusals(_ port: UInt16, _ folder: FilePath) async throws {
        let stranger = try DockerClient(environment: [
            "DOCKER_HOST": "tcp://127.0.0.1:\(port)", "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": try await TestCertificates().folder.string,
        ])
        let plain = try DockerClient(environment: ["DOCKER_HOST": "tcp://127.0.0.1:\(port)"])
        let nobody = try DockerClient(environment: [
            "DOCKER_HOST": "tcp://127.0.0.1:\(port)", "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": "/nowhere",
        ])
        for client in [stranger, plain, nobody] {
            let failure = await dockerError { try await client.version() }
            switch failure {
            case .unreachable(.untrusted(_)), .tooOld, .engine: break
            default: Issue.record("\(String(describing: failure))")
            }
        }
    }

    // MARK: ssh

    /// A folder with a program `ssh` that runs what it would run elsewhere here, and writes down how it was called.
    private func stubSSH(_ script: String) throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        let path = try folder.write(
            "#!/bin/sh\necho \"$@\" >>'\(folder.path)/calls'\n\(script)\n",
            to: "bin/ssh"
        )
        #expect(chmod(path.string, 0o755) == 0)
        return folder
    }

    private func environment(_ folder: TemporaryDirectory, host: String = "ssh://me@gpu1:2222") -> Environment
    {
        ["DOCKER_HOST": host, "PATH": "\(folder.appending("bin")):\(Environment.process["PATH"] ?? "")"]
    }

    @Test func `an engine behind ssh is spoken to through the docker command there`() async throws {
        let engine = try await PrivateEngine.shared(.docker)
        let ssh = try stubSSH(
            "while [ \"$1\" != -- ]; do shift; done; shift 2; DOCKER_HOST=unix://\(engine.socket) exec \"$@\""
        )
        let live = LiveEngine(engine: engine, client: try DockerClient(environment: environment(ssh)))
        try await live.with("sleep 600") { container in
            let plan = ExecPlan(["/bin/sh", "-c", "cat; exit 8"], hasInput: true)
            let bytes = StubContent.generated(size: 3_000_000, seed: 4).all
            let executed = try await live.execute(plan, in: container, input: bytes)
            #expect(executed.output == bytes && executed.status == 8)
        }
        let calls = try FileSystem.read(ssh.appending("calls"))
        let line = "-T -o ConnectTimeout=30 -l me -p 2222 -- gpu1 docker system dial-stdio"
        #expect(String(decoding: calls, as: UTF8.self).split(separator: "\n").allSatisfy { $0 == line })
    }

    @Test(
        arguments: [
            (
                "echo 'me@gpu1: Permission denied (publickey).' >&2; exit 255",
                "me@gpu1: Permission denied (publickey)."
            ),
            ("echo 'docker: not found' >&2; exit 127", "docker: not found"), ("exit 1", ""),
        ]
    )
    func `what ssh says is told`(script: String, words: String) async throws {
        let ssh = try stubSSH(script)
        let client = try DockerClient(environment: environment(ssh))
        for _ in 0..<2 {
            let failure = await dockerError { try await client.version() }
            guard case .sshFailed(let destination, let told) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            // Of an ssh without a word there is only how the line ended.
            #expect(words.isEmpty ? !told.isEmpty : told == words)
            #expect(destination.description == "me@gpu1:2222")
        }
    }

    @Test func `a machine without ssh says so`() async throws {
        let client = try DockerClient(environment: ["DOCKER_HOST": "ssh://gpu1", "PATH": "/nowhere"])
        guard case .sshFailed(_, let words) = await dockerError({ try await client.version() }) else {
            Issue.record("another error")
            return
        }
        #expect(words.contains("ssh"))
    }
}
