import Formats
import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// What goes to stdout, what to stderr, and what goes nowhere.
struct StreamTests {
    @Test func `stdout is data and stderr is talk`() async throws {
        let home = try CommandLineHome(tinyRepository())
        let pulled = try await home.run("pull", "org/tiny-GGUF")
        #expect(pulled.status == 0)
        #expect(pulled.output.hasPrefix("org/tiny-GGUF gguf q4_k_m pulled: "))
        #expect(pulled.output.split(separator: "\n").count == 1)
        #expect(pulled.errors.contains("resolving org/tiny-GGUF"))
        #expect(!pulled.errors.contains("\u{1B}"))
        let quiet = try await home.run("pull", "-q", "org/tiny-GGUF:q8_0")
        #expect(quiet.errors == "")
        let names = try await home.run("ls", "-q")
        #expect((names.output, names.errors) == ("org/tiny-GGUF\n", ""))
    }

    @Test(arguments: [
        ["pull", "org/tiny-GGUF"], ["pull", "--dry-run", "org/tiny-GGUF:q8_0"], ["ls"], ["ls", "--all"],
        ["show", "org/tiny-GGUF"], ["verify"], ["df"], ["catalog", "ls"], ["catalog", "show", "phi-2"],
        ["catalog", "search", "code"], ["catalog", "validate"], ["rm", "-n", "org/tiny-GGUF"],
        ["init", "-n"], ["version"],
    ])
    func `with --json one document is on stdout`(arguments: [String]) async throws {
        let home = try CommandLineHome(tinyRepository())
        try await home.run("pull", "org/tiny-GGUF")
        let result = try await home.start(arguments + ["--json"]).finish()
        #expect(result.status == 0, "\(result.errors)")
        #expect(throws: Never.self) { try AnyJSON(result.output) }
        #expect(!result.output.contains("\u{1B}"))
    }

    @Test func `with --progress json every line of stderr is an object`() async throws {
        let home = try CommandLineHome(
            StubRepository("org/big", files: ["m-Q4_K_M.gguf": try largeGGUF(mebibytes: 8)])
        )
        home.hub.inject(StubFault(.cdn, .throttle(bytesPerSecond: 6_000_000), times: .max))
        let result = try await home.run("pull", "org/big", "--progress", "json")
        #expect(result.status == 0)
        let lines = try result.errors.split(separator: "\n").map { try AnyJSON(String($0)) }
        let events = lines.compactMap { $0["event"] }
        #expect(events.count == lines.count)
        #expect(events.contains(.string("stage")))
        let progress = lines.filter { $0["event"] == .string("progress") && $0["scope"] == .string("total") }
        #expect(progress.count >= 2)
        #expect(progress.allSatisfy { $0.keys.isSuperset(of: ["name", "doneBytes", "phase"]) })
        #expect(progress.last?["doneBytes"] == progress.last?["totalBytes"])
    }

    @Test func `a token is in no output, no file and no list of processes`() async throws {
        let token = StubHub.grantedToken
        let files = ["m-Q4_K_M.gguf": try largeGGUF(mebibytes: 2)]
        let home = try CommandLineHome(StubRepository("org/gated", files: files, access: .gated))
        home.hub.inject(StubFault(.cdn, .stallAfter(1_000_000)))
        let pull = ["pull", "org/gated", "--verbose", "--progress", "plain"]
        let run = try home.start(pull, environment: ["HF_TOKEN": token])
        #expect(try await run.waitUntil { _ in home.received >= 1_000_000 })
        let line = try FileSystem.read(FilePath("/proc/\(run.processID)/cmdline"))
        #expect(String(decoding: line, as: UTF8.self).contains("org/gated"))
        #expect(!String(decoding: line, as: UTF8.self).contains(token))
        run.send(SIGINT)
        let stopped = try await run.finish()
        try expectNoFile(in: home, has: token)

        let result = try await home.start(pull, environment: ["HF_TOKEN": token]).finish()
        #expect((stopped.status, result.status) == (130, 0), "\(result.errors)")
        #expect(!(stopped.output + stopped.errors + result.output + result.errors).contains(token))
        try expectNoFile(in: home, has: token)
        #expect(!home.hub.tokenSeenAtCDN)
        #expect(home.hub.requests(.hub).allSatisfy { $0.request.token == token })
    }

    private func expectNoFile(in home: CommandLineHome, has token: String) throws {
        let files = try FileSystem.walk(home.home)
        #expect(!files.isEmpty)
        for file in files where file.status.kind == .file {
            let bytes = try FileSystem.read(home.home.pushing(FilePath(file.path)))
            #expect(!String(decoding: bytes, as: UTF8.self).contains(token), "\(file.path)")
        }
    }

    @Test func `without HOME and without a home the verbs that read still answer`() async throws {
        let home = try CommandLineHome()
        let bare = ["PATH": "/usr/bin:/bin"]
        for arguments in [["ls"], ["df"], ["catalog", "ls", "-q"], ["version"]] {
            let result = try await BinaryRun.run(
                home.binary,
                arguments,
                environment: bare,
                directory: home.directory.appending("work")
            )
            #expect(result.status == 0, "\(arguments): \(result.errors)")
        }
    }

    @Test func `a home is the nearest parent with stacks, unless a flag or the environment says otherwise`()
        async throws
    {
        let home = try CommandLineHome()
        let nested = home.directory.appending("tree/a/b")
        try FileSystem.createDirectory(nested)
        #expect(try await home.run("init", home.directory.appending("tree").string).status == 0)
        func volume(_ arguments: [String], _ environment: [String: String]) async throws -> String {
            let result = try await BinaryRun.run(
                home.binary,
                arguments + ["df", "--json", "-s", "llamacpp"],
                environment: environment,
                directory: nested
            )
            guard case .string(let path)? = try AnyJSON(result.output).elements.first?["path"] else {
                return result.errors
            }
            return path
        }
        var environment = home.environment()
        environment["STACKCTL_HOME"] = nil
        let tree = home.directory.appending("tree").string
        #expect(try await volume([], environment) == "\(tree)/stacks/llamacpp/models")
        environment["STACKCTL_HOME"] = "/from/environment"
        #expect(try await volume([], environment) == "/from/environment/stacks/llamacpp/models")
        #expect(try await volume(["--home", "/flag"], environment) == "/flag/stacks/llamacpp/models")
    }

    @Test func `a pull of 300 MB takes no more than 64 MB of memory`() async throws {
        let directory = try TemporaryDirectory()
        let file = try largeHeader(mebibytes: 286)
        let path = directory.appending("big.gguf")
        let content = try File(path, .create)
        let header = file.header()
        try content.write(header.span.bytes, at: 0)
        try content.truncate(to: ByteCount(Int64(header.count) + 286 << 20))
        let home = try CommandLineHome(StubRepository("org/big", files: ["m-Q4_K_M.gguf": .file(path)]))
        let result = try await home.run("pull", "org/big", "--connections", "16")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.peakMemory <= 64_000_000, "\(result.peakMemory)")
        let again = try await home.run("verify")
        #expect(again.status == 0)
        #expect(again.peakMemory <= 64_000_000, "\(again.peakMemory)")
    }
}
