import Catalog
import Platform
import SystemPackage
import TestSupport
import Testing

/// A pattern, a line, and what is taken from it.
struct PatternCase: CustomTestStringConvertible, Sendable {
    let pattern: String
    let line: String
    let captures: [String]?
    var testDescription: String { "`\(pattern)` in `\(line)`" }

    init(_ pattern: String, _ line: String, _ captures: [String]?) {
        self.pattern = pattern
        self.line = line
        self.captures = captures
    }
}

struct SignaturePatternTests {
    @Test(arguments: [
        PatternCase("out of memory", "CUDA error: out of memory", []),
        PatternCase("out of memory", "Out of memory", nil), PatternCase("out of memory", "", nil),
        PatternCase("out of memory", "out of memor", nil), PatternCase("aab", "aaab", []),
        PatternCase("rank * is greater than *.", "LoRA rank 64 is greater than 16. Sorry.", ["64", "16"]),
        PatternCase("rank * is greater than *.", "LoRA rank 64 is greater than 16", nil),
        PatternCase("invalid argument: *", "error: invalid argument: --mlock", ["--mlock"]),
        PatternCase("invalid argument: *", "error: invalid argument: ", [""]),
        PatternCase("*: unknown device", "device error: 1: unknown device", ["device error: 1"]),
        PatternCase("'*' not found", "tensor 'a' in 'b' not found", ["a' in 'b"]),
        PatternCase("first * second", "second, first", nil),
        PatternCase("é*ü", "caf\u{E9} — \u{FC}ber", [" — "]),
    ])
    func `a pattern finds what it fixes and takes what it leaves open`(_ sample: PatternCase) {
        #expect(SignaturePattern(sample.pattern).captures(in: sample.line) == sample.captures)
    }

    @Test func `braces stand for values, and only where they hold a name`() {
        let text = "{stack} takes {1}, and {nothing} {} { {1} {a b} }{1"
        let filled = SignatureTemplate.filled(text, ["stack": "vllm", "1": "{stack}"])
        #expect(filled == "vllm takes {stack}, and {nothing} {} { {stack} {a b} }{1")
    }
}

struct SignatureReadingTests {
    private static let good = "id: a-1, match: some words, cause: c, fix: f"

    private func mistake(_ text: String) -> String? {
        do throws(DeclarationError) {
            _ = try SignatureTable.load(Array(text.utf8), file: "s.yaml")
            return nil
        } catch { return error.description }
    }

    @Test func `an entry is read as it was written`() throws {
        let text = """
            signatures:
              - id: all-of-it
                engines: [vllm, llamacpp]
                match: ["first of * them", second of them]
                exit: [3, SIGILL, oom]
                about: memory
                cause: because of {stack}
                fix: "`stackctl {stack} use {model}`"
                example: this is the second of them
              - id: short
                exit: SIGBUS
                cause: c
                fix: f
            """
        let table = try SignatureTable.load(Array(text.utf8), file: "s.yaml")
        #expect(table.signatures.map(\.id) == ["all-of-it", "short"])
        let first = table.signatures[0]
        #expect(first.engines == [.vllm, .llamacpp] && first.concerns(.vllm) && !first.concerns(.mistralrs))
        #expect(first.patterns.map(\.description) == ["first of * them", "second of them"])
        #expect(first.endings == [.status(3), .status(132), .outOfMemory])
        #expect(first.subject == .memory && table.signatures[1].subject == nil)
        #expect(first.cause == "because of {stack}" && first.fix == "`stackctl {stack} use {model}`")
        #expect(table.signatures[1].concerns(.mistralrs) && table.signatures[1].patterns.isEmpty)
    }

    @Test(arguments: [
        ("signature: []", "s.yaml:1:1: unknown key `signature`: did you mean `signatures`?"),
        ("signatures: {}", "s.yaml:1:13: expected a list, found a mapping"),
        ("signatures: [a]", "s.yaml:1:14: expected a mapping, found `a`"),
        ("signatures:\n  - {\(good), causes: x}", "s.yaml:2:52: unknown key `causes`: did you mean `cause`?"),
        ("signatures:\n  - {match: some words, cause: c, fix: f}", "s.yaml:2:5: `id` is missing"),
        ("signatures:\n  - {id: a, match: some words, fix: f}", "s.yaml:2:5: `cause` is missing"),
        ("signatures:\n  - {id: a, match: some words, cause: c}", "s.yaml:2:5: `fix` is missing"),
        (
            "signatures:\n  - {id: a, cause: c, fix: f}",
            "s.yaml:2:5: `match` or `exit` is missing: one of them must tell when it applies"
        ),
        (
            "signatures:\n  - {id: A b, exit: 1, cause: c, fix: f}",
            "s.yaml:2:10: `A b` is no name of a signature: lower-case letters, digits and `-`"
        ),
        (
            "signatures:\n  - {id: a, match: 'ab * c', cause: c, fix: f}",
            "s.yaml:2:20: `ab * c` is too short to tell one line from another"
        ),
        ("signatures:\n  - {id: a, match: [], cause: c, fix: f}", "s.yaml:2:20: this must not be empty"),
        ("signatures:\n  - {id: a, exit: [], cause: c, fix: f}", "s.yaml:2:19: this must not be empty"),
        (
            "signatures:\n  - {id: a, exit: 256, cause: c, fix: f}",
            "s.yaml:2:19: `256` is neither a status from 1 to 255, a signal such as `SIGILL`, nor `oom`"
        ),
        ("signatures:\n  - {\(good), about: disk}", "s.yaml:2:59: `disk` is none of `memory`, `gpu`"),
        (
            "signatures:\n  - {id: a, engines: ollama, exit: 1, cause: c, fix: f}",
            "s.yaml:2:22: `ollama` is none of `mistralrs`, `llamacpp`, `vllm`"
        ),
        (
            "signatures:\n  - {id: a, match: ['one * two', three four], cause: 'c {1}', fix: f}",
            "s.yaml:2:54: `{1}` stands for nothing here: there are `{stack}`, `{model}`"
        ),
        (
            "signatures:\n  - {id: a, match: 'one * two', cause: 'c {1}', fix: 'f {2}'}",
            "s.yaml:2:54: `{2}` stands for nothing here: there are `{stack}`, `{model}`, `{1}`"
        ),
        (
            "signatures:\n  - {id: a, match: 'one * two', exit: 1, cause: 'c {1}', fix: f}",
            "s.yaml:2:49: `{1}` stands for nothing here: there are `{stack}`, `{model}`"
        ),
        (
            "signatures:\n  - {\(good), example: other words}",
            "s.yaml:2:61: nothing of `match` is in this line"
        ),
        (
            "signatures:\n  - {\(good)}\n  - {\(good)}",
            "s.yaml:3:5: the signature `a-1` is already on line 2"
        ),
    ])
    func `a mistake is told with its place`(text: String, mistake: String) {
        #expect(self.mistake(text) == mistake)
    }

    @Test func `a home's own are tried first, and take the place of the built-in ones of their name`() throws
    {
        let builtIn = try SignatureTable.load(home: nil).signatures
        let home = try TemporaryDirectory()
        let file = SignatureTable.file(in: home.path)
        try home.write(
            """
            signatures:
              - {id: mine, match: my own words, cause: c, fix: f}
              - {id: vllm-engine-failed, match: other words, cause: my cause, fix: f}
            """,
            to: "config/signatures.yaml"
        )
        let own = try SignatureTable.load(home: home.path).signatures
        #expect(own.map(\.id) == ["mine"] + builtIn.map(\.id))
        let replaced = try #require(own.first { $0.id == "vllm-engine-failed" })
        #expect(replaced.cause == "my cause" && replaced.origin == .file(file))
        try home.write("signatures: []", to: "config/signatures.yaml")
        #expect(try SignatureTable.load(home: home.path).signatures.map(\.id) == builtIn.map(\.id))
        try home.write("signatures: [{id: a}]", to: "config/signatures.yaml")
        let error = #expect(throws: DeclarationError.self) { try SignatureTable.load(home: home.path) }
        #expect(error?.description.hasPrefix("\(file):1:14: ") == true)
    }
}

/// The signatures that are compiled in: what must hold for all of them.
struct EmbeddedSignatureTests {
    private static let all = (try? SignatureTable.load(home: nil).signatures) ?? []
    /// One for each engine that a signature is about.
    private static let examples = all.flatMap { signature in
        EngineName.allCases.filter(signature.concerns).map { (signature.id, $0) }
    }
    /// The verbs that a fix may tell to type.
    private static let verbs: Set = [
        "pull", "use", "up", "start", "restart", "logs", "verify", "rm", "df", "init",
    ]

    @Test func `there are as many as promised, each with a name of its own`() throws {
        let all = try SignatureTable.load(home: nil).signatures
        #expect(all.count >= 36 && Set(all.map(\.id)).count == all.count)
        #expect(all.allSatisfy { $0.origin == .builtIn })
    }

    @Test func `what says that memory was short is about memory`() {
        let about = Self.all.filter { $0.subject == .memory }
        for signature in Self.all {
            let words = (signature.cause + signature.patterns.map(\.description).joined()).lowercased()
            let saysSo = [
                "out of memory", "memory it took", "memory than it may", "no memory for",
                "memory does not hold",
            ]
            .contains(where: words.contains)
            #expect(!saysSo || signature.subject == .memory, "\(signature.id)")
        }
        #expect(about.count >= 8 && !about.contains { ["disk-full", "vllm-gpu-occupied"].contains($0.id) })
    }

    @Test(arguments: examples)
    func `an example is recognised by its own signature before all others`(id: String, engine: EngineName)
        throws
    {
        let signature = try #require(Self.all.first { $0.id == id })
        guard !signature.patterns.isEmpty else {
            #expect(!signature.endings.isEmpty && signature.example == nil)
            return
        }
        let line = Array(try #require(signature.example).utf8)
        let first = Self.all.first { $0.concerns(engine) && $0.captures(in: line) != nil }
        #expect(first?.id == id)
    }

    @Test(arguments: all.map(\.id))
    func `each cause is a sentence, and each fix names verbs that there are`(id: String) throws {
        let signature = try #require(Self.all.first { $0.id == id })
        for text in [signature.cause, signature.fix] {
            #expect(!text.hasSuffix(".") && text.count <= 250)
        }
        let stackctl = signature.fix.split(separator: "`").filter { $0.hasPrefix("stackctl ") }
        for command in stackctl {
            let words = command.split(separator: " ").dropFirst().filter { $0 != "{stack}" }
            #expect(Self.verbs.contains(String(try #require(words.first))), "\(command)")
        }
        #expect(signature.fix.split(separator: "`", omittingEmptySubsequences: false).count % 2 == 1)
    }
}
