import Docker
import Platform
import TestSupport
import Testing

/// A frame as an engine sends it.
func frame(_ kind: UInt8, _ text: String, claiming length: UInt32? = nil) -> [UInt8] {
    let length = length ?? UInt32(text.utf8.count)
    return [kind, 0, 0, 0] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
        + Array(text.utf8)
}

/// Streams of an engine that sends what a test wants.
struct FrameTests {
    /// Pieces of one kind that follow each other, put together.
    private func gathered(_ output: ContainerOutput) async throws -> [OutputPiece] {
        var kinds: [OutputKind] = []
        var texts: [[UInt8]] = []
        while let piece = try await output.next() {
            if kinds.last != piece.kind {
                kinds.append(piece.kind)
                texts.append([])
            }
            texts[texts.count - 1] += piece.bytes
        }
        return zip(kinds, texts).map { OutputPiece($0, $1) }
    }

    /// The log that consists of these bytes, which are sent so many at a time.
    private func log(_ bytes: [UInt8], terminal: Bool = false, step: Int = .max, cut: Int64? = nil)
        async throws
        -> [OutputPiece]
    {
        let engine = try StubEngine { request in
            guard request.path.hasSuffix("/logs") else {
                return .json(#"{"Id":"a","State":{"Running":true},"Config":{"Tty":\#(terminal)}}"#)
            }
            var response = StubResponse(content: .bytes(bytes))
            response.framing = .chunked
            response.trouble.dropAfter = cut
            if step < .max { response.trouble.bytesPerSecond = Int64(step * 50) }
            return response
        }
        let container = try await engine.client.container("a")
        return try await gathered(engine.client.logs(of: container))
    }

    @Test(arguments: [1, 3, 7, 100, .max])
    func `two outputs are taken apart wherever the bytes are cut`(step: Int) async throws {
        let bytes =
            frame(1, "hello ") + frame(2, "oops\n") + frame(1, "") + frame(1, "world\n") + frame(0, "in")
        let pieces = try await log(bytes, step: step)
        #expect(pieces.map(\.kind) == [.output, .errors, .output])
        #expect(
            pieces.map { String(decoding: $0.bytes, as: UTF8.self) } == ["hello ", "oops\n", "world\nin"]
        )
    }

    @Test func `a terminal has one output, and no frames`() async throws {
        let bytes = frame(1, "this is no frame")
        #expect(try await log(bytes, terminal: true) == [OutputPiece(.output, bytes)])
    }

    @Test func `an empty log is empty`() async throws { #expect(try await log([]).isEmpty) }

    @Test func `a frame that is larger than what is read at once comes in pieces`() async throws {
        let text = String(repeating: "0123456789", count: 300_000)
        let pieces = try await log(frame(2, text))
        #expect(pieces.map(\.kind) == [.errors] && pieces.first?.bytes.count == 3_000_000)
    }

    @Test(
        arguments: [
            (frame(1, "x", claiming: .max), .frameTooLong(.max)), (frame(4, "x"), .unknownKind(4)),
            (frame(0x48, "TTP/1.1 200 OK"), .unknownKind(0x48)),
            ([1, 0, 7, 0, 0, 0, 0, 1, 65], .dirtyHeader),
            (frame(1, "four", claiming: 5), .cutShort), ([1, 0, 0], .cutShort),
            (frame(1, "fine") + [2, 0, 0, 0, 0, 0, 0], .cutShort),
        ] as [([UInt8], StreamFault)]
    )
    func `a stream that makes no sense ends with the reason`(bytes: [UInt8], fault: StreamFault) async throws
    {
        let failure = await dockerError { try await log(bytes) }
        guard case .malformedStream(let found) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(found == fault)
    }

    @Test func `what came before a malformed frame is not lost`() async throws {
        let engine = try StubEngine { request in
            request.path.hasSuffix("/logs")
                ? StubResponse(content: .bytes(frame(1, "fine") + frame(9, "x")))
                : .json(#"{"Id":"a","State":{"Running":true},"Config":{}}"#)
        }
        let output = try await engine.client.logs(of: engine.client.container("a"))
        #expect(try await output.next() == OutputPiece(.output, Array("fine".utf8)))
        guard case .malformedStream(.unknownKind(9)) = await dockerError({ try await output.next() }) else {
            Issue.record("another error")
            return
        }
    }

    @Test func `the engine's own last words are an error`() async throws {
        let failure = await dockerError { try await log(frame(1, "x") + frame(3, "the log driver failed")) }
        guard case .engine(status: 200, "the log driver failed") = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `an engine that is gone in the middle of a stream has broken off`() async throws {
        let bytes = Array(repeating: frame(1, "line\n"), count: 100).flatMap(\.self)
        let failure = await dockerError { try await log(bytes, cut: 130) }
        guard case .brokenOff = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test(arguments: [
        "zz\r\nhello\r\n0\r\n\r\n", "ffffffffffffffffff\r\nx", "-5\r\nhello\r\n", "5\r\nhelloXX0\r\n\r\n",
    ])
    func `malformed chunks break a stream off`(chunks: String) async throws {
        let engine = try StubEngine { request in
            request.path.hasSuffix("/logs")
                ? .garbage(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)".utf8))
                : .json(#"{"Id":"a","State":{"Running":true},"Config":{"Tty":true}}"#)
        }
        let failure = await dockerError {
            try await gathered(engine.client.logs(of: engine.client.container("a")))
        }
        guard case .brokenOff = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `a receiver that does not take holds the engine up, and gets it all in the end`() async throws
    {
        let line = frame(1, String(repeating: "x", count: 16_376))
        let folder = try TemporaryDirectory()
        // 32 MB in all, of which the kernel holds little.
        let server = try StubServer(socket: folder.appending("docker.sock")) { request in
            switch request.path {
            case "/_ping": StubResponse(headers: ["Api-Version": "1.41"], text: "OK")
            case let path where path.hasSuffix("/logs"):
                StubResponse(content: .bytes(Array(repeating: line, count: 2000).flatMap(\.self)))
            default: .json(#"{"Id":"a","State":{"Running":true},"Config":{}}"#)
            }
        }
        let client = DockerClient(socket: folder.appending("docker.sock"))
        let output = try await client.logs(of: client.container("a"))
        try await Task.sleep(for: .milliseconds(300))
        #expect(server.bytesServed < 16_000_000)
        #expect(try await gathered(output).first?.bytes.count == 2000 * 16_376)
    }

    // MARK: Documents

    @Test(arguments: [1, 10, .max])
    func `events come one by one`(step: Int) async throws {
        let engine = try StubEngine { _ in
            var response = StubResponse(
                text: """
                    {"Type":"container","Action":"die","Actor":{"ID":"a","Attributes":{"exitCode":"137"}},"timeNano":5}

                    {"Type":"container","Action":"start","Actor":{"ID":"a"}}
                    """
            )
            if step < .max { response.trouble.bytesPerSecond = Int64(step * 50) }
            return response
        }
        let events = try await engine.client.events(of: "a", actions: ["die"], since: EngineTime(seconds: 3))
        let first = try #require(try await events.next())
        #expect(first.action == "die" && first.exitCode == 137 && first.nanoseconds == 5)
        #expect(try await events.next()?.action == "start")
        #expect(try await events.next() == nil)
        let query = try #require(engine.asked.first?.query)
        #expect(query["since"] == "3.000000000")
        #expect(
            try JSON.decode([String: [String]].self, from: Array((query["filters"] ?? "").utf8)) == [
                "type": ["container"], "container": ["a"], "event": ["die"],
            ]
        )
    }

    @Test func `a line that is no event, or does not end, ends the stream`() async throws {
        let garbage = try StubEngine { _ in StubResponse(text: "{\"Action\":\n") }
        guard
            case .malformedStream(.notADocument) = await dockerError({
                try await garbage.client.events().next()
            })
        else {
            Issue.record("another error")
            return
        }
        let endless = try StubEngine { _ in StubResponse(text: String(repeating: "x", count: 8_000_000)) }
        guard
            case .malformedStream(.lineTooLong) = await dockerError({
                try await endless.client.events().next()
            })
        else {
            Issue.record("another error")
            return
        }
    }

    @Test func `a sample says what a container takes`() async throws {
        let engine = try StubEngine { _ in
            .json(
                """
                {"read":"2026-11-21T12:00:01Z","pids_stats":{"current":7},
                 "cpu_stats":{"cpu_usage":{"total_usage":5000000000},"system_cpu_usage":1},
                 "memory_stats":{"usage":1000,"limit":4000,"stats":{"inactive_file":300}},
                 "networks":{"a":{"rx_bytes":1,"tx_bytes":2},"b":{"rx_bytes":18446744073709551615,"tx_bytes":4}},
                 "blkio_stats":{"io_service_bytes_recursive":[{"op":"Read","value":8},{"op":"write","value":16}]}}
                """
            )
        }
        let sample = try await engine.client.stats(of: "a")
        #expect(engine.lines == ["GET /containers/a/stats?stream=false&one-shot=true"])
        #expect(sample.memory == 700 && sample.memoryLimit == 4000 && sample.processes == 7)
        #expect(sample.received == ByteCount(.max) && sample.sent == 6)
        #expect(sample.readFromDisk == 8 && sample.writtenToDisk == 16)
        #expect(sample.processors(since: sample) == nil)
    }
}
