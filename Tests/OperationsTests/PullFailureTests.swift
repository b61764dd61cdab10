import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What a pull says when it cannot be done, and that it leaves nothing behind.
struct PullFailureTests {
    private static func repository(access: StubRepository.Access = .open) throws -> StubRepository {
        StubRepository(
            "org/tiny-GGUF",
            files: [
                "tiny-Q4_K_M.gguf": try smallGGUF(), "tiny-Q8_0.gguf": try smallGGUF(1),
                "README.md": .text("# Tiny"),
            ],
            access: access
        )
    }

    /// Nothing was fetched, and nothing lies in the volume.
    private func expectNothingDone(_ home: TestHome) throws {
        #expect(home.hub.bytesServed(.cdn) == 0)
        #expect(try home.visibleFiles().isEmpty)
        #expect(try home.partials().isEmpty)
    }

    @Test func `unknown model: the nearest names are offered`() async throws {
        let home = try TestHome()
        let failure = try await home.failedPull("qwen2.5-codr:7b")
        #expect(failure.kind == .notFound)
        #expect(failure.message == "there is no model `qwen2.5-codr:7b` in the catalog")
        #expect(failure.hint?.contains("`qwen2.5-coder:7b`") == true)
        #expect(home.hub.requests().isEmpty)
        try expectNothingDone(home)
    }

    @Test func `unknown model: a name that resembles none leads to the list`() async throws {
        let failure = try await TestHome().failedPull("zzzzzzzzzzzz")
        #expect(failure.kind == .notFound)
        #expect(failure.hint?.contains("`stackctl catalog ls`") == true)
    }

    @Test func `unknown quantization: what exists is listed, and nothing is downloaded`() async throws {
        let home = try TestHome(Self.repository())
        let failure = try await home.failedPull("org/tiny-GGUF:q3_k_s")
        #expect(failure.kind == .unsupported)
        #expect(failure.message == "`org/tiny-GGUF` has no q3_k_s")
        #expect(failure.hint == "it has q4_k_m, q8_0")
        try expectNothingDone(home)
    }

    @Test func `missing repository: it is not found, with and without a token`() async throws {
        let home = try TestHome()
        let failure = try await home.failedPull("org/absent")
        #expect(failure.kind == .notFound)
        #expect(failure.message == "the hub has no public repository `org/absent`")
        #expect(failure.hint?.contains("`HF_TOKEN`") == true)
        let known = try await home.failedPull("org/absent", environment: ["HF_TOKEN": StubHub.grantedToken])
        #expect(known.kind == .notFound)
        #expect(known.message == "the hub has no repository `org/absent` that this token may see")
        try expectNothingDone(home)
    }

    @Test(arguments: [
        ("v9", "did you mean `v1`?"), ("feature-x", "it has `main`, `v1`"), ("mian", "did you mean `main`?"),
    ])
    func `missing revision: the branches and tags that may have been meant are named`(
        revision: String,
        hint: String
    ) async throws {
        var repository = try Self.repository()
        repository.setRevision("v1", files: [:])
        let home = try TestHome(repository)
        let failure = try await home.failedPull("org/tiny-GGUF@\(revision)")
        #expect(failure.kind == .notFound)
        #expect(failure.message == "`org/tiny-GGUF` has no revision `\(revision)`")
        #expect(failure.hint == hint)
        try expectNothingDone(home)
    }

    @Test func `missing revision: where the names cannot be had, the page that lists them is`() async throws {
        let home = try TestHome(Self.repository())
        home.hub.inject(StubFault(.hub, .status(500), path: "/refs", times: .max))
        let failure = try await home.failedPull("org/tiny-GGUF@v9")
        #expect(failure.message == "`org/tiny-GGUF` has no revision `v9`")
        #expect(failure.hint == "see \(home.hub.endpoint)/org/tiny-GGUF/commits/main")
        let planned = await #expect(throws: Failure.self) {
            try await Pull(home.reference("org/tiny-GGUF@v9")).plan(in: home.workspace()) { _ in }
        }
        #expect(planned?.hint == failure.hint)
    }

    @Test func `missing file: those that exist are listed`() async throws {
        let home = try TestHome(Self.repository())
        let failure = try await home.failedPull("org/tiny-GGUF/tiny-Q2_K.gguf")
        #expect(failure.kind == .notFound)
        #expect(failure.message == "`org/tiny-GGUF` has no file `tiny-Q2_K.gguf`")
        for name in ["`tiny-Q4_K_M.gguf`", "`tiny-Q8_0.gguf`"] {
            #expect(failure.hint?.contains(name) == true)
        }
        try expectNothingDone(home)
    }

    @Test func `gated with no token: where to accept and how to log in`() async throws {
        let home = try TestHome(Self.repository(access: .gated))
        let failure = try await home.failedPull("org/tiny-GGUF")
        #expect(failure.kind == .refused)
        #expect(failure.message == "`org/tiny-GGUF` is gated and no token is set")
        let hint = failure.hint ?? ""
        #expect(hint.contains("\(home.hub.endpoint)/org/tiny-GGUF") && hint.contains("`HF_TOKEN`"))
        try expectNothingDone(home)
    }

    @Test func `gated with a token without a grant: where to ask for it`() async throws {
        let home = try TestHome(Self.repository(access: .gated))
        let token = StubHub.notGrantedToken
        let failure = try await home.failedPull("org/tiny-GGUF", environment: ["HF_TOKEN": token])
        #expect(failure.kind == .refused)
        #expect(
            failure.message
                == "`org/tiny-GGUF` is gated and this token's user has not been granted access"
        )
        #expect(failure.hint?.contains("\(home.hub.endpoint)/org/tiny-GGUF") == true)
        #expect(failure.hint?.contains("fine-grained") == true)
        expectNoSecret(token, in: failure)
        try expectNothingDone(home)
    }

    @Test func `gated with a token that lacks the scope: where to give it that`() async throws {
        let home = try TestHome(Self.repository(access: .gated))
        let token = StubHub.scopelessToken
        let failure = try await home.failedPull("org/tiny-GGUF", environment: ["HF_TOKEN": token])
        #expect(failure.kind == .refused)
        #expect(failure.message == "the token in `HF_TOKEN` lacks the scope to read `org/tiny-GGUF`")
        #expect(failure.hint?.contains("\(home.hub.endpoint)/settings/tokens") == true)
        expectNoSecret(token, in: failure)
        try expectNothingDone(home)
    }

    private func expectNoSecret(_ secret: String, in failure: Failure) {
        let cause = failure.cause.map { "\($0)" } ?? ""
        #expect(!"\(failure.message) \(failure.hint ?? "") \(cause)".contains(secret))
    }

    @Test func `gated with a token that was granted: it is pulled, and the token stays at the hub`()
        async throws
    {
        let home = try TestHome(Self.repository(access: .gated))
        try await home.pull("org/tiny-GGUF", environment: ["HF_TOKEN": StubHub.grantedToken])
        #expect(try home.visibleFiles().count == 2)
        #expect(home.hub.bytesServed(.cdn) > 0)
        #expect(!home.hub.tokenSeenAtCDN)
    }

    @Test func `gated: a dry run says it too`() async throws {
        let home = try TestHome(Self.repository(access: .gated))
        let pull = Pull(try home.reference("org/tiny-GGUF"))
        let failure = await #expect(throws: Failure.self) {
            try await pull.plan(in: home.workspace()) { _ in }
        }
        #expect(failure?.kind == .refused)
    }

    @Test(arguments: ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
    func `a token that the hub does not know is refused, and its variable is named`(variable: String)
        async throws
    {
        let home = try TestHome(Self.repository())
        let failure = try await home.failedPull("org/tiny-GGUF", environment: [variable: "hf_unknown"])
        #expect(failure.kind == .refused)
        #expect(failure.message == "the hub does not accept the token in `\(variable)`")
        #expect(failure.hint?.contains("\(home.hub.endpoint)/settings/tokens") == true)
        #expect(failure.hint?.contains("`\(variable)`") == true)
        expectNoSecret("hf_unknown", in: failure)
    }

    @Test func `a token in a file that the hub does not know is refused, and the file is named`()
        async throws
    {
        let home = try TestHome(Self.repository())
        let file = home.directory.appending("token")
        try FileSystem.write(Array("hf_unknown\n".utf8), to: file)
        let failure = try await home.failedPull("org/tiny-GGUF", environment: ["HF_TOKEN_PATH": file.string])
        #expect(failure.message == "the hub does not accept the token in `\(file)`")
        #expect(failure.hint?.contains("`hf auth login`") == true)
        expectNoSecret("hf_unknown", in: failure)
    }

    @Test func `disabled: it is the hub's doing`() async throws {
        let home = try TestHome(Self.repository(access: .disabled))
        let failure = try await home.failedPull("org/tiny-GGUF")
        #expect(failure.kind == .refused)
        #expect(failure.message == "the hub has disabled `org/tiny-GGUF`")
        #expect(failure.hint?.contains("\(home.hub.endpoint)/org/tiny-GGUF") == true)
        try expectNothingDone(home)
    }

    @Test func `any other refusal comes in the hub's words`() async throws {
        let home = try TestHome(Self.repository())
        home.hub.inject(StubFault(.hub, .status(403, text: "not from\nyour country")))
        let failure = try await home.failedPull("org/tiny-GGUF")
        #expect(failure.kind == .refused)
        #expect(failure.message == "the hub refuses access to `org/tiny-GGUF`: not from your country")
        home.hub.inject(StubFault(.hub, .status(403)))
        let silent = try await home.failedPull("org/tiny-GGUF")
        #expect(silent.message == "the hub refuses access to `org/tiny-GGUF`")
    }

    @Test func `the name of the request in the hub's logs is with the cause`() async throws {
        let home = try TestHome(Self.repository(access: .gated))
        for model in ["org/tiny-GGUF", "org/tiny-GGUF@v9", "org/absent"] {
            let failure = try await home.failedPull(model)
            #expect(failure.cause.map { "\($0)" }?.contains("request Root=1-stub-") == true)
        }
    }

    @Test func `what the hub refuses in the middle of a pull is worded as before it`() async throws {
        let home = try TestHome(Self.repository())
        let words = "Access to model org/tiny-GGUF is restricted"
        let refusal = StubFault.Kind.status(
            403,
            headers: ["X-Error-Code": "GatedRepo", "X-Error-Message": words]
        )
        home.hub.inject(StubFault(.hub, refusal, path: "/resolve/", times: .max))
        let failure = try await home.failedPull("org/tiny-GGUF")
        #expect(failure.kind == .refused)
        #expect(failure.message == "`org/tiny-GGUF` is gated and no token is set")
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `wrong hash: one refetch, then it is invalid and nothing becomes visible`() async throws {
        let home = try TestHome(Self.repository())
        home.hub.inject(StubFault(.cdn, .corruptByte(at: 100), times: 2))
        let reports = Reports()
        let failure = try await home.failedPull("org/tiny-GGUF", reports: reports)
        #expect(failure.kind == .invalid)
        #expect(failure.message.contains("arrived with another hash than is declared"))
        #expect(failure.message.contains("the same bytes came twice"))
        #expect(reports.warnings.count == 1)
        #expect(home.hub.requests(.cdn).count == 2)
        #expect(try home.visibleFiles().isEmpty)

        try await home.pull("org/tiny-GGUF")
        #expect(try home.read("org--tiny-GGUF/gguf/q4_k_m/tiny-Q4_K_M.gguf") == smallGGUF().all)
    }

    @Test func `wrong hash: a refetch that is right is enough`() async throws {
        let home = try TestHome(Self.repository())
        home.hub.inject(StubFault(.cdn, .corruptByte(at: 100)))
        let reports = Reports()
        try await home.pull("org/tiny-GGUF", reports: reports)
        #expect(reports.warnings.count == 1)
        #expect(try home.read("org--tiny-GGUF/gguf/q4_k_m/tiny-Q4_K_M.gguf") == smallGGUF().all)
    }

    @Test(arguments: [
        "../../etc/passwd", "/etc/passwd", "a/../../escaped.gguf", "a//b.gguf", "..\\escaped.gguf",
        "evil\u{1B}[2J.gguf", "./x.gguf", "C:/x.gguf",
    ])
    func `hostile hub path: the repository is refused as a whole`(path: String) async throws {
        let home = try TestHome(
            StubRepository("org/evil", files: ["m-Q4_K_M.gguf": try smallGGUF(), path: try smallGGUF(1)])
        )
        let before = try home.directory.files()
        let failure = try await home.failedPull("org/evil")
        #expect(failure.kind == .invalid)
        #expect(failure.message.contains(path))
        #expect(home.hub.bytesServed(.cdn) == 0)
        let created = Set(try home.directory.files()).subtracting(before)
        #expect(created.allSatisfy { $0.hasSuffix(".lock") })
    }

    @Test func `a file that is no GGUF does not become visible`() async throws {
        let home = try TestHome(
            StubRepository("org/page", files: ["m-Q4_K_M.gguf": .text("<!DOCTYPE html><html></html>")])
        )
        let failure = try await home.failedPull("org/page")
        #expect(failure.kind == .invalid)
        #expect(failure.message.contains("no whole gguf model"))
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `an incomplete set of shards is refused before any download`() async throws {
        let home = try TestHome(
            StubRepository(
                "org/split",
                files: [
                    "m-Q4_K_M-00001-of-00003.gguf": try smallGGUF(1),
                    "m-Q4_K_M-00003-of-00003.gguf": try smallGGUF(3),
                ]
            )
        )
        let failure = try await home.failedPull("org/split")
        #expect(failure.kind == .invalid)
        #expect(failure.message.contains("lacks 1 of the shards"))
        try expectNothingDone(home)
    }

    @Test func `a format that the engine does not serve is refused, and the other one is named`() async throws
    {
        let home = try TestHome(Self.repository())
        let failure = try await home.failedPull("org/tiny-GGUF", stack: "vllm")
        #expect(failure.kind == .notFound)
        #expect(failure.message == "`org/tiny-GGUF` has no safetensors files")
        #expect(failure.hint?.contains("`--format gguf`") == true)
    }

    @Test func `patterns that leave nothing are refused`() async throws {
        let home = try TestHome(Self.repository())
        let failure = try await home.failedPull("org/tiny-GGUF") { $0.exclude = ["*"] }
        #expect(failure.kind == .invalid)
        #expect(failure.message.hasPrefix("`--exclude` leaves out every file"))
        try expectNothingDone(home)
    }

    @Test func `weights that run code when they are read are refused`() async throws {
        let home = try TestHome(StubRepository("org/old", files: ["pytorch_model.bin": .text("pickle")]))
        let failure = try await home.failedPull("org/old", stack: "vllm")
        #expect(failure.kind == .unsupported)
        #expect(failure.message.contains("only as pickles"))
    }

    @Test func `a stack that there is not is named with its nearest`() async throws {
        let failure = try await TestHome().failedPull("org/tiny-GGUF", stack: "mistrl")
        #expect(failure.kind == .notFound)
        #expect(failure.hint == "did you mean `mistral`?")
    }

    @Test func `a file of the user in the model's place is left alone`() async throws {
        let home = try TestHome(Self.repository())
        let own = home.volume().appending("org--tiny-GGUF").appending("gguf").appending("q4_k_m")
        try FileSystem.createDirectory(own)
        try FileSystem.write([1, 2, 3], to: own.appending("mine.gguf"))
        let failure = try await home.failedPull("org/tiny-GGUF")
        #expect(failure.kind == .conflict)
        #expect(try home.visibleFiles() == ["org--tiny-GGUF/gguf/q4_k_m/mine.gguf"])
    }
}
