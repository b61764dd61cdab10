import Docker
import Platform
import TestSupport
import Testing

@Suite(.engines)
struct LiveLogTests {
    private func text(_ output: ContainerOutput) async throws -> (output: String, errors: String) {
        var (lines, errors) = ([UInt8](), [UInt8]())
        while let piece = try await output.next() {
            if piece.kind == .output { lines += piece.bytes } else { errors += piece.bytes }
        }
        return (String(decoding: lines, as: UTF8.self), String(decoding: errors, as: UTF8.self))
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `the two outputs of a container are told apart`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("echo one; echo two >&2; echo three; printf four") { container in
            _ = try await live.client.wait(for: container.id)
            let log = try await text(live.client.logs(of: container))
            #expect(log.output == "one\nthree\nfour" && log.errors == "two\n")
            let following = try await text(live.client.logs(of: container, LogSelection(follows: true)))
            #expect(following.output == log.output && following.errors == log.errors)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a terminal's log is one`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("echo one; echo two >&2", hasTerminal: true) { container in
            _ = try await live.client.wait(for: container.id)
            let log = try await text(live.client.logs(of: container))
            #expect(log.output == "one\r\ntwo\r\n" && log.errors.isEmpty)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `the last lines of a log are had alone, and with their times`(kind: PrivateEngine.Kind) async throws
    {
        let live = try await LiveEngine.running(kind)
        try await live.with("for i in 1 2 3 4 5; do echo line $i; done") { container in
            _ = try await live.client.wait(for: container.id)
            #expect(
                try await text(live.client.logs(of: container, LogSelection(tail: 2))).output
                    == "line 4\nline 5\n"
            )
            let stamped = try await text(
                live.client.logs(of: container, LogSelection(tail: 1, hasTimestamps: true))
            )
            let words = stamped.output.split(separator: " ")
            let time = try #require(words.first.flatMap { EngineTime($0) })
            let began = try #require(container.state.startedAt)
            #expect((time - began) < .seconds(60) && words.dropFirst().joined(separator: " ") == "line 5\n")
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a log begins at a moment`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("echo early; sleep 2.2; echo late") { container in
            _ = try await live.client.wait(for: container.id)
            let began = try #require(container.state.startedAt)
            let between = EngineTime(seconds: began.seconds + 2, nanoseconds: began.nanoseconds)
            #expect(
                try await text(live.client.logs(of: container, LogSelection(since: between))).output
                    == "late\n"
            )
            let future = EngineTime(seconds: began.seconds + 3600)
            #expect(
                try await text(live.client.logs(of: container, LogSelection(since: future))).output.isEmpty
            )
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a log that is followed has each line at once, and ends with the container`(
        kind: PrivateEngine.Kind
    ) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("echo ready; while ! [ -e /tmp/go ]; do sleep 0.05; done; echo done") {
            container in
            let output = try await live.client.logs(of: container, LogSelection(follows: true))
            #expect(try await output.next() == OutputPiece(.output, Array("ready\n".utf8)))
            #expect(try await live.execute("touch /tmp/go", in: container).status == 0)
            #expect(try await output.next() == OutputPiece(.output, Array("done\n".utf8)))
            #expect(try await output.next() == nil)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `following a log ends when the task is cancelled`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("echo ready; exec sleep 600") { container in
            let output = try await live.client.logs(of: container, LogSelection(follows: true))
            #expect(try await output.next() != nil)
            let task = Task { await dockerError { try await output.next() } }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            guard case .cancelled = await task.value else {
                Issue.record("another error")
                return
            }
        }
    }
}
