import ArgumentParser
import Catalog
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Commands

/// What was typed, and what the parser gets.
struct InvocationTests {
    private let directory: TemporaryDirectory
    private let environment: Environment

    init() throws {
        directory = try TemporaryDirectory()
        environment = ["STACKCTL_HOME": directory.path.string]
        try directory.write("engine: vllm\n", to: "stacks/mine/stack.yaml")
    }

    private func arguments(_ typed: String) throws -> String {
        try Invocation(typed.split(separator: " ").map(String.init), environment: environment).arguments
            .joined(separator: " ")
    }

    @Test(arguments: [
        ("ls", "ls"), ("ls --json", "ls --json"), ("--json ls", "ls --json"),
        ("-q --json ls", "ls -q --json"), ("--home /h ls", "ls --home /h"), ("--home=/h ls", "ls --home=/h"),
        ("-s mistral ls", "ls -s mistral"),
        ("--color never --progress json pull x", "pull x --color never --progress json"),
        ("catalog ls", "catalog ls"), ("--json catalog ls", "catalog ls --json"),
    ])
    func `options before the verb go behind it`(typed: String, expected: String) throws {
        #expect(try arguments(typed) == expected)
    }

    @Test(arguments: [
        ("mistral ls", "ls --stack mistral"), ("llama.cpp pull x", "pull x --stack llamacpp"),
        ("--json mistral ls", "ls --json --stack mistral"),
        ("mistral --json ls -q", "ls -q --json --stack mistral"), ("mine ls", "ls --stack mine"),
        ("vllm catalog show phi-2", "catalog show phi-2 --stack vllm"),
        ("mistral rm -y -- -x", "rm -y --stack mistral -- -x"), ("rm -- mistral", "rm -- mistral"),
    ])
    func `a stack before the verb becomes an option`(typed: String, expected: String) throws {
        #expect(try arguments(typed) == expected)
    }

    @Test(arguments: [
        ("", ""), ("--help", "--help"), ("-h", "-h"), ("--version", "--version"), ("mistral", "--help"),
        ("mistral --help", "--help"), ("mistral -h", "--help"), ("--json mistral", "--help"),
        ("pull --help", "pull --help"), ("mistral pull --help", "pull --help --stack mistral"),
        ("help pull", "help pull"), ("--json help pull", "help pull"),
    ])
    func `help in every form`(typed: String, expected: String) throws {
        #expect(try arguments(typed) == expected)
    }

    @Test(arguments: [
        ("pul x", "`pul` is neither a verb nor a stack", "did you mean `pull`"),
        ("mistrl ls", "`mistrl` is neither a verb nor a stack", "`mistral`"),
        ("mistral lss", "`lss` is neither a verb nor a stack", "`ls`"), ("min ls", "`min`", "`mine`"),
        ("xyzzyxyzzy", "`xyzzyxyzzy`", "see `stackctl --help`"), ("--json verfy", "`verfy`", "`verify`"),
        ("../etc ls", "`../etc`", "see `stackctl --help`"), ("-- ls", "`--`", "see `stackctl --help`"),
    ])
    func `a word that is neither verb nor stack is told with the nearest`(
        typed: String,
        message: String,
        hint: String
    ) throws {
        let error = #expect(throws: (any Error).self) { try arguments(typed) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(message) && text.contains("hint: ") && text.contains(hint), "\(text)")
        #expect(error.map { Stackctl.exitCode(for: $0).rawValue } == 64)
    }

    @Test func `a stack whose declaration is broken is told as such`() throws {
        try directory.write("engine: nothing\n", to: "stacks/broken/stack.yaml")
        let failure = #expect(throws: Failure.self) { try arguments("broken ls") }
        #expect(failure?.kind == .invalid)
        #expect(failure?.message.contains("stacks/broken/stack.yaml:1:9: ") == true)
    }

    @Test func `every verb and every option is understood`() throws {
        for typed in [
            "pull x --quant q4 --format gguf --revision main --include *.md --exclude a --force --connections 4",
            "pull x y --limit-rate 40M --offline -n -y", "pull x --as name",
            "ls --format gguf --all --long -q", "show x --quant q8", "verify", "verify x y --repair",
            "recommend --profile coding --for vram -q", "select --for ram -n -y", "select --yes", "fit x",
            "rm x -y --format gguf --quant q4 --force", "df", "catalog validate", "init dir -n", "version",
            "mirror serve dir --bind 127.0.0.1:0 --insecure",
            "ls --home /h -s vllm --json -q -v --color always --progress none",
        ] {
            #expect(throws: Never.self, "\(typed)") {
                try Stackctl.parseAsRoot(typed.split(separator: " ").map(String.init))
            }
        }
    }

    @Test(arguments: [
        "pull", "pull x --connections 0", "pull x --connections 65", "pull x --limit-rate 1",
        "pull x y --as name", "pull x --quant nonsense", "pull x --format onnx", "pull a//b", "show", "rm",
        "ls --progress dots", "ls --color blue", "catalog add x", "catalog add x --gguf q4=a/b",
        "recommend x", "recommend --for disk", "select x", "use --quant q4",
        "mirror serve --bind nowhere:x",
    ])
    func `what makes no sense is a mistake of usage`(typed: String) throws {
        let error = #expect(throws: (any Error).self) {
            try Stackctl.parseAsRoot(typed.split(separator: " ").map(String.init))
        }
        #expect(error.map { Stackctl.exitCode(for: $0).rawValue } == 64)
    }
}

struct QuantizationNameTests {
    @Test(arguments: [
        ("pull org/x --quant q4kk", "did you mean `q4_k`"),
        ("fit x --quant zzzzzz", "well-known ones are f32"),
        ("pull org/x:q4_k_n", "did you mean `q4_k_m`"), ("convert ./x --quant q4_k_n", "`--quant` takes f32"),
    ])
    func `a mistyped quantization is told with those that resemble it, else with all`(
        typed: String,
        hint: String
    ) {
        let error = #expect(throws: (any Error).self) {
            try Stackctl.parseAsRoot(typed.split(separator: " ").map(String.init))
        }
        #expect(error.map { Stackctl.fullMessage(for: $0).contains(hint) } == true)
    }
}

struct ExitTests {
    @Test func `every kind of failure has the status that scripts rely on`() {
        let statuses: [Failure.Kind: Int32] = [
            .failed: 1, .usage: 64, .notFound: 2, .conflict: 3, .invalid: 4, .refused: 5, .unavailable: 6,
            .noSpace: 7,
            .unsupported: 8, .notReady: 9, .cancelled: 130,
        ]
        for kind in Failure.Kind.allCases { #expect(kind.exitStatus == statuses[kind], "\(kind)") }
        #expect(Set(Failure.Kind.allCases.map(\.exitStatus)).count == Failure.Kind.allCases.count)
    }
}
