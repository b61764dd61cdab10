import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Transfer

/// A fault that passes, with a name for the report.
struct PassingFault: CustomTestStringConvertible, Sendable {
    let name: String
    let kind: StubFault.Kind
    var testDescription: String { name }

    static let all = [
        PassingFault(name: "the line ends at once", kind: .dropAfter(0)),
        PassingFault(name: "the line ends in the middle", kind: .dropAfter(300_000)),
        PassingFault(name: "the line is reset at once", kind: .dropAfter(0, reset: true)),
        PassingFault(name: "the line is reset in the middle", kind: .dropAfter(300_000, reset: true)),
        PassingFault(name: "fewer bytes than asked for", kind: .shortBody(by: 1)),
        PassingFault(name: "no bytes", kind: .shortBody(by: 400_000)),
        PassingFault(name: "another range", kind: .wrongContentRange),
        PassingFault(name: "no range stated", kind: .missingContentRange),
        PassingFault(name: "an encoding", kind: .contentEncoding("gzip")),
        PassingFault(name: "half a head", kind: .truncatedHead(40)),
        PassingFault(name: "half a head and a reset", kind: .truncatedHead(40, reset: true)),
        PassingFault(name: "something that is not HTTP", kind: .garbage),
        PassingFault(name: "408", kind: .status(408)),
        PassingFault(name: "429", kind: .status(429)),
        PassingFault(name: "500", kind: .status(500)),
        PassingFault(name: "502", kind: .status(502)),
        PassingFault(name: "503", kind: .status(503, text: "busy")),
        PassingFault(name: "504", kind: .status(504)),
    ]
}

struct SetbackTests {
    @Test(arguments: PassingFault.all)
    func `what passes is waited out`(fault: PassingFault) async throws {
        let delivery = try Delivery(
            .generated(size: 400_000),
            faults: [StubFault(.cdn, fault.kind, times: 2)]
        )
        #expect(try await delivery.receive().sha256 == delivery.content.sha256)
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.events.reasonsToRetry.count + delivery.events.holdOffs >= 1)
        #expect(delivery.events.refetchings == 0)
    }

    @Test func `what came before the line broke is not fetched again`() async throws {
        let delivery = try Delivery(.generated(size: 400_000), faults: [StubFault(.cdn, .dropAfter(300_000))])
        try await delivery.receive()
        #expect(delivery.ranges == ["bytes=0-399999", "bytes=300000-399999"])
        #expect(delivery.hub.bytesServed(.cdn) == 400_000)
    }

    @Test func `a silent server is left and asked again`() async throws {
        let delivery = try Delivery(
            .generated(size: 400_000),
            faults: [
                StubFault(.cdn, .stallAfter(100_000)), StubFault(.cdn, .delay(.seconds(3600)), skipping: 1),
            ]
        )
        var engine = delivery.engine()
        engine.pacing.stallTimeout = .seconds(1)
        _ = try await engine.receive([delivery.file])
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.events.reasonsToRetry.count { $0.contains("in time") } >= 2)
    }

    @Test func `a server that says when to come back is not asked before`() async throws {
        let delivery = try Delivery(
            .generated(size: 1000),
            faults: [StubFault(.cdn, .status(503, headers: ["Retry-After": "0"]))]
        )
        try await delivery.receive()
        #expect(delivery.events.pauses.count == 1)
        #expect(delivery.events.pauses.allSatisfy { $0 >= .seconds(1) })
    }

    @Test(arguments: ["-7", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999999999999"])
    func `an unusable time to come back changes nothing`(value: String) async throws {
        let delivery = try Delivery(
            .generated(size: 1000),
            faults: [StubFault(.cdn, .status(503, headers: ["Retry-After": value]))]
        )
        try await delivery.receive()
        #expect(delivery.events.pauses.count == 1)
        #expect(delivery.events.pauses.allSatisfy { $0 >= .zero && $0 < .seconds(1) })
    }

    @Test func `eight tries without a byte are enough`() async throws {
        let delivery = try Delivery(
            .generated(size: 1000),
            faults: [StubFault(.cdn, .status(502), times: .max)]
        )
        let failure = try await delivery.failure()
        guard case .gaveUp(let name, let reason) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(name == "model.gguf")
        #expect(reason.contains("502"))
        #expect(delivery.ranges.count == 8)
    }

    @Test func `a line that brings something each time is never given up`() async throws {
        let delivery = try Delivery(
            .generated(size: 400_000),
            faults: [StubFault(.cdn, .dropAfter(10_000), times: 38)]
        )
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.events.reasonsToRetry.count == 38)
        #expect(delivery.hub.bytesServed(.cdn) == 400_000)
    }

    @Test func `a server that is gone is given up`() async throws {
        let delivery = try Delivery(.generated(size: 1000))
        let part = RemotePart(size: 1000, content: .sha256(delivery.content.sha256)) {
            // Below the ports that other tests' servers get: one of theirs could be used again.
            RemoteAddress(url: "http://127.0.0.1:1/", headers: [])
        }
        let file = RemoteFile(name: "model.gguf", directory: delivery.folder.path, parts: [part])
        do {
            _ = try await delivery.engine().receive([file])
            Issue.record("the file came from nowhere")
        } catch TransferError.gaveUp {}
    }

    // MARK: Addresses

    @Test func `an address that expired is asked for once more`() async throws {
        let delivery = try Delivery(
            .generated(size: 400_000),
            faults: [StubFault(.cdn, .dropAfter(100_000)), StubFault(.cdn, .expiredURL, skipping: 1)]
        )
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.timesLocated == 2)
        #expect(delivery.hub.bytesServed(.cdn) < 401_000)
    }

    @Test func `an address that expired between two ranges is asked for once more`() async throws {
        let segment = Int64(32 << 20)
        let delivery = try Delivery(
            .generated(size: segment + 1000),
            faults: [StubFault(.cdn, .expiredURL, skipping: 1)]
        )
        try await delivery.receive()
        #expect(try delivery.isRight)
        #expect(delivery.timesLocated == 2)
    }

    @Test func `an address that expired while the line was down is asked for once more`() async throws {
        let delivery = try Delivery(
            .generated(size: 1000),
            faults: [StubFault(.cdn, .status(503), times: 6), StubFault(.cdn, .expiredURL, skipping: 6)]
        )
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.timesLocated == 2)
    }

    @Test(arguments: [401, 403, 404, 410])
    func `a server that refuses every address means it`(status: Int) async throws {
        let delivery = try Delivery(
            .generated(size: 1000),
            faults: [StubFault(.cdn, .status(status), times: .max)]
        )
        let failure = try await delivery.failure()
        guard case .refused(_, let stated) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(stated == status)
        #expect(delivery.timesLocated == 4)
    }

    @Test func `a file that has become shorter is told as changed`() async throws {
        let delivery = try Delivery(
            .generated(size: 1000),
            faults: [StubFault(.cdn, .status(416, headers: ["Content-Range": "bytes */900"]), times: .max)]
        )
        guard case .wrongSize(_, expected: 1000, actual: 900) = try await delivery.failure() else {
            Issue.record("the length went unnoticed")
            return
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `the lowest bytes of a file are fetched again while another file waits for its hash`() async throws {
        let contents = [StubContent.generated(size: 400_000_000), .generated(size: 300_000_000, seed: 2)]
        let asked = Counter()
        let server = try StubServer { request in
            let index = Int(request.segments.last ?? "") ?? 0
            var response = StubResponse.serving(contents[index], to: request)
            if index == 1, request.headers["range"]?.hasPrefix("bytes=0-") == true, asked.next() == 0 {
                response.trouble.dropAfter = 0
                response.trouble.resets = true
            }
            return response
        }
        let folder = try TemporaryDirectory()
        let files = try contents.enumerated().map { index, content in
            let directory = folder.appending("\(index)")
            try FileSystem.createDirectory(directory)
            let part = RemotePart(size: ByteCount(content.size), content: .sha256(content.sha256)) {
                RemoteAddress(url: "\(server.url)/\(index)", headers: [])
            }
            return RemoteFile(name: "\(index)", directory: directory, parts: [part])
        }
        let engine = TransferEngine(connections: 4) { _ in }
        #expect(try await engine.receive(files).map(\.sha256) == contents.map(\.sha256))
    }

    @Test func `a redirect of the address is not followed`() async throws {
        let elsewhere = try StubServer { _ in StubResponse(text: "not this") }
        let delivery = try Delivery(
            .generated(size: 1000),
            faults: [
                StubFault(.cdn, .status(302, headers: ["Location": "\(elsewhere.url)/file"]), times: .max)
            ]
        )
        guard case .refused(_, 302) = try await delivery.failure() else {
            Issue.record("the redirect was taken for something else")
            return
        }
        #expect(elsewhere.requests.isEmpty)
    }

    @Test func `what the search for an address throws is what the caller gets`() async throws {
        struct Lost: Error {}
        let folder = try TemporaryDirectory()
        let content = StubContent.generated(size: 1000)
        let part = RemotePart(size: 1000, content: .sha256(content.sha256)) { throw Lost() }
        let file = RemoteFile(name: "file", directory: folder.path, parts: [part])
        await #expect(throws: Lost.self) {
            _ = try await TransferEngine(connections: 1) { _ in }.receive([file])
        }
    }
}
