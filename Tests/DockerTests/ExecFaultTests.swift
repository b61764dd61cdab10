import Docker
import Platform
import Synchronization
import TestSupport
import Testing
import Transport

/// An engine whose connections to commands are not what they should be.
struct ExecFaultTests {
    private let plan = ExecPlan(["x"], hasInput: true)

    private func session(_ respond: @escaping @Sendable (StubRequest) -> StubResponse) async throws
        -> (StubEngine, ExecSession)
    {
        let engine = try StubEngine(patience: .seconds(5)) { request in
            switch request.path.split(separator: "/").last {
            case "exec": .json(#"{"Id":"e1"}"#, status: 201)
            case "json": .json(#"{"Running":true,"ExitCode":null}"#)
            default: respond(request)
            }
        }
        let id = try await engine.client.prepare(plan, in: "a")
        return (engine, try await engine.client.start(id, plan))
    }

    private func refusal(_ respond: @escaping @Sendable (StubRequest) -> StubResponse) async -> DockerError? {
        await dockerError { try await session(respond).1.id }
    }

    private func takeover(
        _ status: Int = 101,
        _ body: @escaping @Sendable (StubConnection) -> Void
    ) -> StubResponse {
        var response = StubResponse(
            status,
            headers: [
                "Content-Type": "application/vnd.docker.raw-stream", "Connection": "Upgrade",
                "Upgrade": "tcp",
            ]
        )
        response.framing = .close
        response.takeover = body
        return response
    }

    @Test(arguments: [101, 200])
    func `a connection is taken over, with what came in its first breath`(status: Int) async throws {
        let (engine, session) = try await session { _ in
            takeover(status) { connection in
                _ = connection.send(frame(1, "hi "))
                let heard = connection.receive()
                _ = connection.send(frame(1, String(decoding: heard, as: UTF8.self)))
                while !connection.receive().isEmpty {}
                _ = connection.send(frame(2, "end"))
            }
        }
        try await session.send(Array("you".utf8))
        try await session.finishInput()
        var text = ""
        while let piece = try await session.output.next() {
            text += String(decoding: piece.bytes, as: UTF8.self)
        }
        #expect(text == "hi youend")
        let start = try #require(engine.asked.last)
        #expect(start.method == "POST" && start.path == "/v1.41/exec/e1/start")
        #expect(start.headers["upgrade"] == "tcp" && start.headers["connection"]?.lowercased() == "upgrade")
        #expect(String(decoding: start.body, as: UTF8.self) == #"{"Detach":false,"Tty":false}"#)
    }

    @Test func `what comes in one packet with the head is not lost`() async throws {
        let (engine, session) = try await session { _ in
            .garbage(
                Array("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 UPGRADED\r\nA: b\r\n\r\n".utf8)
                    + frame(1, "all")
            )
        }
        #expect(try await session.output.next() == OutputPiece(.output, Array("all".utf8)))
        #expect(try await session.output.next() == nil)
        withExtendedLifetime(engine) {}
    }

    @Test func `a newer engine is told the size of the terminal beforehand`() async throws {
        let engine = try StubEngine(version: "1.43") { request in
            request.path.hasSuffix("/exec") ? .json(#"{"Id":"e1"}"#, status: 201) : takeover { _ in }
        }
        let plan = ExecPlan(["x"], terminal: TerminalSize(columns: 120, rows: 40))
        let id = try await engine.client.prepare(plan, in: "a")
        _ = try await engine.client.start(id, plan)
        for request in engine.asked {
            #expect(String(decoding: request.body, as: UTF8.self).contains(#""ConsoleSize":[40,120]"#))
        }
        #expect(engine.asked.count == 2)
    }

    @Test func `a command's variables are sent, and are in no description of the plan`() async throws {
        let engine = try StubEngine { _ in .json(#"{"Id":"e1"}"#, status: 201) }
        let plan = ExecPlan(["x"], user: "u", directory: "/d", environment: ["TOKEN=geheim"])
        _ = try await engine.client.prepare(plan, in: "a")
        let body = String(decoding: try #require(engine.asked.first?.body), as: UTF8.self)
        #expect(body.contains(#""Env":["TOKEN=geheim"]"#) && body.contains(#""User":"u""#))
        #expect(body.contains(#""WorkingDir":"/d""#) && body.contains(#""AttachStdin":false"#))
        #expect(!"\(plan)".contains("geheim"))
    }

    // MARK: Refusals

    @Test func `a refusal comes with the engine's words`() async {
        let notFound = await refusal { _ in .json(#"{"message":"no such exec"}"#, status: 404) }
        guard case .notFound("exec e1") = notFound else {
            Issue.record("\(String(describing: notFound))")
            return
        }
        let conflict = await refusal { _ in .json(#"{"message":"paused"}"#, status: 409) }
        guard case .conflict("paused") = conflict else {
            Issue.record("\(String(describing: conflict))")
            return
        }
        let chunked = await refusal { _ in
            var response = StubResponse.json(#"{"message":"in chunks"}"#, status: 500)
            response.framing = .chunked
            return response
        }
        guard case .engine(status: 500, "in chunks") = chunked else {
            Issue.record("\(String(describing: chunked))")
            return
        }
        let closed = await refusal { _ in
            var response = StubResponse.json(#"{"message":"to the end"}"#, status: 500)
            response.framing = .close
            return response
        }
        guard case .engine(status: 500, "to the end") = closed else {
            Issue.record("\(String(describing: closed))")
            return
        }
    }

    @Test(arguments: [
        "", "HTTP/1.1", "HTTP/1.1 101 UPGRADED\r\nA: b", "SSH-2.0-x\r\n\r\n", "HTTP/2 101\r\n\r\n",
        "HTTP/1.1 1x1 U\r\n\r\n", "HTTP/1.1 099 U\r\n\r\n", "HTTP/1.1 101 U\r\nno colon\r\n\r\n",
        "HTTP/1.1 101 U\r\nA: b\r\n folded: c\r\n\r\n", "HTTP/1.1 101 U\r\n: empty\r\n\r\n",
        "HTTP/1.1 101 U\r\nA: " + String(repeating: "x", count: 100_000) + "\r\n\r\n",
        "HTTP/1.1 101 U\r\n" + String(repeating: "A: b\r\n", count: 20_000),
        "HTTP/1.1 500 E\r\nContent-Length: 99999999\r\n\r\n" + String(repeating: "x", count: 100_000),
    ])
    func `an answer that is no answer has broken off`(answer: String) async {
        let failure = await refusal { _ in .garbage(Array(answer.utf8)) }
        switch failure {
        case .brokenOff: break
        case .unreachable(.tooLarge) where answer.contains("99999999"): break
        default: Issue.record("\(String(describing: failure))")
        }
    }

    @Test(arguments: [
        "HTTP/1.1 500 E\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
        "HTTP/1.1 500 E\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n{}",
        "HTTP/1.1 500 E\r\nContent-Length: -1\r\n\r\n{}",
        "HTTP/1.1 500 E\r\nContent-Length: 100\r\n\r\n{}", "HTTP/1.1 500 E\r\n\r\n",
    ])
    func `a refusal that cannot be read is a refusal`(answer: String) async {
        let failure = await refusal { _ in .garbage(Array(answer.utf8)) }
        guard case .engine(status: 500, "no reason given") = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test(
        arguments: [
            (frame(1, "x", claiming: .max), .frameTooLong(.max)), (frame(7, "x"), .unknownKind(7)),
            (frame(1, "half", claiming: 8), .cutShort),
        ] as [([UInt8], StreamFault)]
    )
    func `frames that make no sense end the output`(bytes: [UInt8], fault: StreamFault) async throws {
        let (engine, session) = try await session { _ in takeover { _ = $0.send(bytes) } }
        let failure = await dockerError {
            while try await session.output.next() != nil {}
            return "nothing"
        }
        guard case .malformedStream(fault) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        withExtendedLifetime(engine) {}
    }

    @Test func `an engine that is gone while the command runs has broken off`() async throws {
        let (engine, session) = try await session { _ in
            var response = takeover { connection in _ = connection.send(frame(1, "begun")) }
            response.trouble.resets = true
            return response
        }
        #expect(try await session.output.next() != nil)
        let failure = await dockerError {
            // More than the line takes: the reset is noticed by then.
            try await session.send(Array(repeating: 0, count: 10_000_000))
        }
        guard case .brokenOff = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        withExtendedLifetime(engine) {}
    }

    @Test func `a task that is cancelled ends the connection`() async throws {
        let ended = Mutex(false)
        let (engine, session) = try await session { _ in
            takeover { connection in
                while !connection.receive().isEmpty {}
                ended.withLock { $0 = true }
            }
        }
        let task = Task { await dockerError { try await session.output.next() } }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        guard case .cancelled = await task.value else {
            Issue.record("another error")
            return
        }
        try await eventually { ended.withLock { $0 } }
        withExtendedLifetime(engine) {}
    }
}
