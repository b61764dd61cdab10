import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// What a script and a person see of each failure.
struct ExitStatusTests {
    /// The status, nothing on stdout, and `error:` and perhaps `hint:` on stderr.
    private func expect(
        _ result: BinaryRun.Result,
        _ status: Int32,
        says words: String...,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(result.ending == .exited(status), sourceLocation: location)
        #expect(result.output == "", sourceLocation: location)
        #expect(result.errors.contains("error: "), sourceLocation: location)
        for word in words {
            #expect(result.errors.contains(word), "\(result.errors)", sourceLocation: location)
        }
        #expect(!result.errors.contains("\u{1B}"), sourceLocation: location)
    }

    @Test func `unknown model: 2, with the nearest name`() async throws {
        let home = try CommandLineHome()
        let result = try await home.run("pull", "qwen2.5-codr:7b")
        expect(result, 2, says: "`qwen2.5-codr:7b`", "\nhint: did you mean", "`qwen2.5-coder:7b`")
    }

    @Test func `unknown quantization: 8, with what exists`() async throws {
        let home = try CommandLineHome(tinyRepository())
        let result = try await home.run("llamacpp", "pull", "org/tiny-GGUF", "--quant", "q3_k_s")
        expect(result, 8, says: "has no q3_k_s", "hint: it has q4_k_m, q8_0")
        #expect(home.hub.requests(.cdn).isEmpty)
    }

    @Test(arguments: ["org/absent", "org/tiny-GGUF@v9", "org/tiny-GGUF/absent-Q4_K_M.gguf"])
    func `missing repository, revision, file: 2`(model: String) async throws {
        let home = try CommandLineHome(tinyRepository())
        expect(try await home.run("pull", model), 2, says: "hint: ")
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test(arguments: [
        (nil, ["`org/tiny-GGUF` is gated", "hint: accept the licence at"]),
        (StubHub.notGrantedToken, ["`org/tiny-GGUF` is gated", "hint: accept the licence at"]),
        (StubHub.scopelessToken, ["the token in `HF_TOKEN` lacks the scope", "hint: let it read gated"]),
    ])
    func `gated, with no token or one without a grant: 5`(token: String?, says: [String]) async throws {
        let home = try CommandLineHome(tinyRepository(access: .gated))
        let more = token.map { ["HF_TOKEN": $0] } ?? [:]
        let result = try await home.run("pull", "org/tiny-GGUF", "--verbose", environment: more)
        expect(result, 5, says: says[0], says[1], "cause: ")
        #expect(token.map { !result.errors.contains($0) } ?? true)
        #expect(try await home.run("ls", "-q").output == "")
    }

    @Test func `no space: 7`() async throws {
        let home = try CommandLineHome(tinyRepository())
        let digest = String(repeating: "ab", count: 32)
        let entry =
            #"[{"type":"file","path":"m-Q4_K_M.gguf","oid":"\#(digest.prefix(40))","size":4000000000000000000,"#
            + #""lfs":{"oid":"\#(digest)","size":4000000000000000000,"pointerSize":134}}]"#
        home.hub.inject(StubFault(.hub, .answer(.json(entry)), path: "/tree/"))
        expect(try await home.run("pull", "org/tiny-GGUF"), 7, says: "needs 4000 PB more", "hint: ")
    }

    @Test(.enabled(if: ReadOnlyFilesystem.isExpected, ReadOnlyFilesystem.reason))
    func `volume not writable: 5`() async throws {
        let disk = try ReadOnlyFilesystem()
        let home = try CommandLineHome(tinyRepository())
        try home.directory.write(
            "engine: llamacpp\nmodels: \(disk.path)\n",
            to: "home/stacks/llamacpp/stack.yaml"
        )
        let result = try await home.run("pull", "org/tiny-GGUF")
        expect(result, 5, says: "Read-only file system", "hint: check the owner")
        #expect(home.hub.bytesServed(.cdn) == 0)
    }

    @Test func `wrong hash: 4, and nothing is visible`() async throws {
        let home = try CommandLineHome(tinyRepository())
        home.hub.inject(StubFault(.cdn, .corruptByte(at: 100), times: 2))
        expect(
            try await home.run("pull", "org/tiny-GGUF"),
            4,
            says: "arrived with another hash than is declared for it: the same bytes came twice"
        )
        #expect(try home.visibleFiles().isEmpty)
        #expect(home.hub.requests(.cdn).count == 2)
    }

    @Test(arguments: ["../../etc/passwd", "/etc/passwd", "evil\u{1B}[2J\u{7}.gguf"])
    func `hostile hub path: 4, and it does not reach the terminal`(path: String) async throws {
        let home = try CommandLineHome(
            StubRepository(
                "org/evil",
                files: ["m-Q4_K_M.gguf": .bytes(try GGUFBuilder.tiny()), path: .text("x")]
            )
        )
        let result = try await home.run("pull", "org/evil")
        expect(result, 4, says: "leads out of its folder")
        #expect(!result.errors.contains("\u{7}"))
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `hub that does not answer: 6, and 0 where the model is there`() async throws {
        let home = try CommandLineHome(tinyRepository())
        try await home.run("pull", "org/tiny-GGUF")
        home.hub.stop()
        expect(try await home.run("pull", "org/tiny-GGUF:q8_0"), 6, says: "does not answer", "hint: ")
        let there = try await home.run("pull", "org/tiny-GGUF")
        #expect(there.status == 0)
        #expect(there.output.contains("is there"))
    }

    @Test func `typo of a verb or a stack: 64, with the nearest`() async throws {
        let home = try CommandLineHome()
        expect(try await home.run("pul", "x"), 64, says: "`pul`", "`pull`")
        expect(try await home.run("mistrl", "ls"), 64, says: "`mistral`")
        expect(try await home.run("mistral", "lss"), 64, says: "`ls`")
        expect(try await home.run("ls", "--jsn"), 64, says: "--json")
        expect(try await home.run("pull"), 64)
        expect(try await home.run("pull", "a//b"), 64)
    }

    @Test(arguments: [
        ["--help"], ["mistral", "--help"], ["pull", "--help"], ["exec", "--help"], ["help", "pull"],
        ["--version"],
        ["version"],
    ])
    func `help and version: 0, on stdout`(arguments: [String]) async throws {
        let home = try CommandLineHome()
        let result = try await home.start(arguments).finish()
        #expect(result.ending == .exited(0))
        #expect(!result.output.isEmpty)
        #expect(result.errors == "")
    }

    @Test func `broken YAML in the home: 4, with file, line and column`() async throws {
        let home = try CommandLineHome(tinyRepository())
        let catalog = try home.directory.write("models:\n  a: [\n", to: "home/config/models.yaml")
        expect(try await home.run("catalog", "ls"), 4, says: "error: \(catalog):3:1: ")
        expect(try await home.run("pull", "a"), 4, says: "\(catalog):")
        let stack = try home.directory.write(
            "engine: llamacpp\nprot: 8080\n",
            to: "home/stacks/llamacpp/stack.yaml"
        )
        expect(try await home.run("ls"), 4, says: "error: \(stack):2:1: ", "`prot`")
    }

    @Test func `a removal without a terminal to ask on: 1, with the option that says yes`() async throws {
        let home = try CommandLineHome(tinyRepository())
        try await home.run("pull", "org/tiny-GGUF")
        expect(try await home.run("rm", "org/tiny-GGUF"), 1, says: "hint: add `--yes`")
        #expect(try home.visibleFiles().count == 2)
        let removed = try await home.run("rm", "-y", "org/tiny-GGUF")
        #expect(removed.status == 0)
        #expect(try home.visibleFiles().isEmpty)
        expect(try await home.run("rm", "-y", "org/tiny-GGUF"), 2)
    }

    @Test func `what differs from its manifest: 4, and 0 again after the repair`() async throws {
        let home = try CommandLineHome(tinyRepository())
        try await home.run("pull", "org/tiny-GGUF")
        #expect(try await home.run("verify").status == 0)
        let file = home.volume().pushing("org--tiny-GGUF/gguf/q4_k_m/tiny-Q4_K_M.gguf")
        try File(file, .update).write([0xAA].span.bytes, at: 2000)
        let result = try await home.run("verify")
        #expect(result.status == 4)
        #expect(result.output.contains("differs"))
        #expect(result.errors.contains("verify org/tiny-GGUF --repair`"))
        #expect(try await home.run("verify", "--repair").status == 0)
        #expect(try await home.run("verify").status == 0)
    }
}
