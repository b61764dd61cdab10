import FoundationEssentials
import Glibc
import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

struct NearestNamesTests {
    static let models = [
        "qwen2.5-coder", "qwen3", "llama3", "llama3.1", "mistral", "mixtral", "phi3", "gemma2",
    ]

    @Test(arguments: [
        ("mistrl", ["mistral", "mixtral"]), ("mixtrla", ["mixtral", "mistral"]),
        ("qwen", ["qwen2.5-coder", "qwen3"]),
        ("QWEN3", ["qwen3"]), ("lama3", ["llama3", "llama3.1"]), ("coder", ["qwen2.5-coder"]),
        ("gema2", ["gemma2"]), ("zzzzzz", []), ("", []), ("p", []), ("phi", ["phi3"]),
    ])
    func `the names that were meant come first`(typed: String, names: [String]) {
        let found = nearestNames(to: typed, in: Self.models)
        #expect(found.count <= 3)
        #expect(found == names)
    }

    @Test func `no more names than wanted, and long words are no trouble`() {
        let names = (0..<50).map { "model-\($0)" }
        #expect(nearestNames(to: "model", in: names, most: 5).count == 5)
        #expect(nearestNames(to: String(repeating: "x", count: 100_000), in: names).isEmpty)
    }

    @Test func `two letters swapped are one mistake`() {
        #expect(nearestNames(to: "ihp3", in: ["phi3"]).isEmpty)
        #expect(nearestNames(to: "hpi3", in: ["phi3"]) == ["phi3"])
    }
}

struct PercentEncodingTests {
    @Test(arguments: [
        ("abc-._~XYZ019", "abc-._~XYZ019"), ("a b", "a%20b"), ("a/b", "a%2Fb"), ("a%20b", "a%2520b"),
        ("ä", "%C3%A4"),
        ("?#&=+", "%3F%23%26%3D%2B"), ("\r\n\u{0}", "%0D%0A%00"), ("", ""), ("\u{1F600}", "%F0%9F%98%80"),
    ])
    func `all but the unreserved is encoded`(text: String, encoded: String) {
        #expect(text.percentEncoded() == encoded)
    }

    @Test func `what is to be kept is kept`() {
        #expect("a/b c?d".percentEncoded(keeping: "/") == "a/b%20c%3Fd")
    }
}

struct EnvironmentTests {
    @Test func `an empty variable counts as not set`() {
        let environment: Environment = ["EMPTY": "", "FULL": "x"]
        #expect(environment["EMPTY"] == nil)
        #expect(environment["FULL"] == "x")
        #expect(environment["MISSING"] == nil)
    }

    @Test(arguments: [
        ("1", true), ("true", true), ("YES", true), ("On", true), ("0", false), ("false", false),
        ("no", false), ("", false),
        ("2", false), (" 1", false),
    ])
    func `some words mean yes`(value: String, isTrue: Bool) {
        #expect(Environment(["X": value]).isTrue("X") == isTrue)
    }

    @Test func `of a variable that is written twice the last counts`() {
        #expect(Environment(dictionaryLiteral: ("A", "1"), ("A", "2"))["A"] == "2")
    }

    @Test func `the process's variables are those of the process`() throws {
        let path = try #require(getenv("PATH"))
        #expect(Environment.process["PATH"] == String(cString: path))
    }
}

struct JSONTests {
    private struct Document: Codable, Equatable {
        var zeta = "a/b"
        var alpha = Date(timeIntervalSince1970: 1_700_000_000)
    }

    @Test func `keys are sorted, dates are those of RFC 3339, slashes stay`() throws {
        #expect(
            try JSON.encodeLine(Document()) == Array(#"{"alpha":"2023-11-14T22:13:20Z","zeta":"a/b"}"#.utf8)
        )
        let pretty = String(decoding: try JSON.encode(Document()), as: UTF8.self)
        #expect(pretty == "{\n  \"alpha\" : \"2023-11-14T22:13:20Z\",\n  \"zeta\" : \"a/b\"\n}\n")
    }

    @Test func `what was written is read`() throws {
        #expect(try JSON.decode(Document.self, from: JSON.encode(Document())) == Document())
    }

    @Test(arguments: [
        "", "{", "null", "[]", #"{"alpha":"yesterday","zeta":""}"#, #"{"alpha":7,"zeta":""}"#, "\u{0}",
    ])
    func `what is no such document is refused`(text: String) {
        #expect(throws: (any Error).self) { try JSON.decode(Document.self, from: Array(text.utf8)) }
    }
}

struct BlockingTests {
    private struct Failure: Error {}

    @Test func `work on another thread brings its answer or its failure`() async throws {
        #expect(try await blocking { 7 } == 7)
        await #expect(throws: Failure.self) { try await blocking { throw Failure() } }
    }

    @Test func `work that is cancelled is told so`() async throws {
        let hasBegun = Mutex(false)
        let task = Task {
            try await cancellableBlocking { checkCancellation in
                hasBegun.withLock { $0 = true }
                while true {
                    try checkCancellation()
                    usleep(1000)
                }
            }
        }
        while !hasBegun.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(2)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `work that does not ask runs to its end`() async throws {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await blocking { 7 }
        }
        #expect(try await task.value == 7)
    }
}

struct SystemErrorTests {
    @Test func `the reasons that users meet are told apart`() {
        #expect(SystemError(.noSpace, operation: "write", path: "/a").isNoSpace)
        #expect(SystemError(.diskQuotaExceeded, operation: "write", path: "/a").isNoSpace)
        #expect(SystemError(.readOnlyFileSystem, operation: "write", path: "/a").isAccessRefused)
        #expect(SystemError(.permissionDenied, operation: "write", path: "/a").isAccessRefused)
        #expect(!SystemError(.ioError, operation: "write", path: "/a").isAccessRefused)
        #expect(
            "\(SystemError(.noSpace, operation: "write", path: "/a"))"
                == "cannot write /a: No space left on device"
        )
        #expect(
            "\(SystemError(.ioError, operation: "think", path: nil))" == "cannot think: Input/output error"
        )
    }
}
