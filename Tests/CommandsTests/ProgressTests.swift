import Console
import Glibc
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Commands

/// What a script reads and what a log shows of an operation.
struct ProgressTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private struct Line: Decodable, Equatable {
        var event: String
        var message, scope, name, phase, host, hint, cause: String?
        var doneBytes, totalBytes, bytesPerSecond, secondsLeft, untilSeconds, status: Int64?
    }

    private struct Keys: Decodable {
        let all: Set<String>
        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
        init(from decoder: any Decoder) throws {
            all = Set(try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue))
        }
    }

    /// The keys of each event: those that it always has, and those that it may have.
    private static let shapes: [String: (always: Set<String>, maybe: Set<String>)] = [
        "progress": (
            ["event", "scope", "name", "phase", "doneBytes"],
            ["totalBytes", "bytesPerSecond", "secondsLeft", "host", "untilSeconds"]
        ),
        "stage": (["event", "phase", "message"], []), "note": (["event", "message"], []),
        "warning": (["event", "message"], []),
        "error": (["event", "message", "status"], ["hint", "cause"]),
    ]

    /// What is written of some reports.
    private func written(
        _ mode: ProgressMode,
        isQuiet: Bool = false,
        _ body: @Sendable (Reporter) async throws -> Void
    ) async throws -> String {
        let path = directory.appending("output")
        let descriptor = open(path.string, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let terminal = Terminal(descriptor: descriptor, environment: [:])
        let display = ProgressDisplay(
            title: "org/name",
            phase: Phase.resolving.rawValue,
            mode: mode,
            on: terminal
        )
        let drawing = ReportDrawing(display, isQuiet: isQuiet, style: .plain)
        try? await display.shown {
            try await body { drawing.draw($0) }
        } ending: {
            ReportDrawing.ending($0).rawValue
        }
        return String(decoding: try FileSystem.read(path), as: UTF8.self)
    }

    private func lines(_ text: String) throws -> [Line] {
        try text.split(separator: "\n").map { line in
            let keys = try JSON.decode(Keys.self, from: Array(line.utf8)).all
            let read = try JSON.decode(Line.self, from: Array(line.utf8))
            let shape = try #require(Self.shapes[read.event], "\(line)")
            #expect(keys.isSuperset(of: shape.always), "\(line)")
            #expect(keys.subtracting(shape.always).isSubset(of: shape.maybe), "\(line)")
            if let phase = read.phase { #expect(Phase(rawValue: phase) != nil, "\(line)") }
            return read
        }
    }

    @Sendable private static func pull(_ report: Reporter) async throws {
        report(.phase(.resolving, "resolving org/name"))
        report(.waiting(host: "hub", seconds: 1))
        try await Task.sleep(for: .milliseconds(600))
        report(.files([("a", 100), ("b", 50)]))
        report(.phase(.downloading, "downloading org/name"))
        report(.resumed(file: "a", bytes: 40, of: 100))
        report(.note("a: 40 B are here from an earlier run"))
        for bytes in 5...10 {
            report(.progress(file: "a", bytes: ByteCount(Int64(bytes) * 10), of: 100))
            try await Task.sleep(for: .milliseconds(250))
        }
        report(.verifying(file: "a"))
        report(.done(file: "a"))
        report(.warning("b is odd"))
        report(.done(file: "b"))
        report(.phase(.storing, "storing org/name"))
    }

    @Test func `every line of a pull has one of the shapes, and its phases come in turn`() async throws {
        let lines = try lines(try await written(.json, Self.pull))
        func phases(_ name: String) -> [String] {
            lines.filter { $0.event == "progress" && $0.name == name }.compactMap(\.phase).reduce(into: []) {
                if $0.last != $1 { $0.append($1) }
            }
        }
        #expect(phases("a") == ["queued", "downloading", "verifying", "done"])
        #expect(phases("b") == ["queued", "done"])
        #expect(phases("org/name") == ["resolving", "waiting", "downloading", "storing", "done"])
        let last = try #require(lines.last)
        #expect((last.scope, last.phase, last.doneBytes, last.totalBytes) == ("total", "done", 150, 150))
        let waiting = try #require(lines.first { $0.untilSeconds != nil })
        #expect((waiting.host, waiting.untilSeconds) == ("hub", 1))
        #expect(lines.filter { $0.event == "stage" }.count == 4)
        #expect(lines.contains { $0.name == "a" && $0.bytesPerSecond != nil })
        #expect(lines.contains { $0.event == "note" } && lines.contains { $0.event == "warning" })
    }

    @Test func `a log has each phase, the wait, the notes and the warnings`() async throws {
        #expect(
            try await written(.plain, Self.pull) == """
                resolving org/name
                the quota of requests of hub is used up: waiting 1 s
                downloading org/name
                a: 40 B are here from an earlier run
                warning: b is odd
                storing org/name

                """
        )
        #expect(try await written(.plain, isQuiet: true, Self.pull) == "")
        #expect(
            try await written(.none, Self.pull) == """
                the quota of requests of hub is used up: waiting 1 s
                a: 40 B are here from an earlier run
                warning: b is odd

                """
        )
    }

    @Test func `what was there already is done without a byte`() async throws {
        let lines = try lines(
            try await written(.json) { report in report(.phase(.resolving, "resolving org/name")) }
        )
        #expect(lines.map(\.phase) == ["resolving", "resolving", "done"])
        #expect(lines.last?.totalBytes == 0)
    }

    @Test(
        arguments: [
            (Failure(.cancelled, "interrupted"), "interrupted"), (CancellationError(), "interrupted"),
            (Failure(.noSpace, "full"), "failed"),
            (SystemError(.noSpace, operation: "x", path: nil), "failed"),
        ] as [(any Error, String)]
    )
    func `an end before the end has a phase too`(_ error: any Error, _ phase: String) async throws {
        let lines = try lines(
            try await written(.json) { report in
                report(.progress(file: "a", bytes: 1, of: 2))
                throw error
            }
        )
        let last = try #require(lines.last)
        #expect((last.scope, last.phase, last.doneBytes) == ("total", phase, 1))
    }

    @Test func `a failure is a line among the others`() throws {
        let failure = Failure(.noSpace, "full \u{1B}", hint: "see `stackctl df`", cause: CancellationError())
        let silent = try #require(try lines(FailureEvent(failure, verbose: false).line).first)
        #expect(silent == Line(event: "error", message: "full \u{1B}", hint: "see `stackctl df`", status: 7))
        #expect(try lines(FailureEvent(failure, verbose: true).line).first?.cause == "CancellationError()")
    }

    @Test func `the shapes are the documented ones`() throws {
        let path = FilePath(#filePath).removingLastComponent().pushing("../../docs/json.md")
        let text = String(decoding: try FileSystem.read(path), as: UTF8.self)
        let section = try #require(text.split(separator: "\n## ").first { $0.hasPrefix("Progress\n") })
        let example = section.split(separator: "\n").filter { $0.hasPrefix("{") }.joined(separator: "\n")
        let events = try lines(example).map(\.event)
        #expect(Set(events).isSuperset(of: ["progress", "stage"]))
        for phase in Phase.allCases { #expect(section.contains("| `\(phase.rawValue)` |"), "\(phase)") }
        for (event, shape) in Self.shapes {
            let row = try #require(section.split(separator: "\n").first { $0.hasPrefix("| `\(event)`") })
            for key in shape.always.union(shape.maybe).subtracting(["event"]) {
                #expect(row.contains("`\(key)`"), "\(event): \(key)")
            }
        }
    }
}
