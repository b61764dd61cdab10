import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Transfer

struct WrongContentTests {
    @Test func `a corrupt byte is noticed, and the second fetch is right`() async throws {
        let delivery = try Delivery(
            .generated(size: 400_000),
            faults: [StubFault(.cdn, .corruptByte(at: 123_456))]
        )
        #expect(try await delivery.receive().sha256 == delivery.content.sha256)
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.events.refetchings == 1)
        #expect(delivery.ranges == ["bytes=0-399999", "bytes=0-399999"])
    }

    @Test func `two wrong contents are a wrong hash, and none of the bytes stays`() async throws {
        let delivery = try Delivery(
            .generated(size: 400_000),
            faults: [StubFault(.cdn, .corruptByte(at: 0), times: 2)]
        )
        let failure = try await delivery.failure()
        guard case .wrongHash("model.gguf", let expected, let actual, let differing) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        var wrong = delivery.content.all
        wrong[0] ^= 0xFF
        #expect(expected == delivery.content.sha256)
        #expect(actual == Digest.of(wrong))
        #expect(differing.isEmpty)
        #expect(try delivery.received.isEmpty)
        #expect(delivery.events.finished.isEmpty)
    }

    @Test func `after two wrong contents the next run begins anew`() async throws {
        let delivery = try Delivery(
            .generated(size: 400_000),
            faults: [StubFault(.cdn, .corruptByte(at: 7), times: 2)]
        )
        #expect(try await delivery.failure() != nil)
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
    }

    @Test func `a server that ignores ranges is asked for the whole`() async throws {
        let delivery = try Delivery(
            .generated(size: 40_000_000),
            faults: [StubFault(.cdn, .ignoreRange, times: .max)]
        )
        #expect(try await delivery.receive().sha256 == delivery.content.sha256)
        #expect(try delivery.isRight)
        #expect(delivery.ranges.count { $0 == "none" } == 1)
    }

    @Test func `a whole answer changes nothing of what is here and hashed`() async throws {
        let delivery = try Delivery(
            .generated(size: 40_000_000),
            faults: [
                StubFault(.cdn, .ignoreRange, times: .max),
                StubFault(.cdn, .corruptByte(at: 1000), times: .max),
            ]
        )
        try delivery.leave(first: 20_000_000)
        #expect(try await delivery.receive().sha256 == delivery.content.sha256)
        #expect(try delivery.isRight)
    }

    @Test func `a journal that calls other bytes verified is not believed`() async throws {
        let delivery = try Delivery(.generated(size: 100_000))
        var wrong = delivery.content.all
        wrong[7] ^= 1
        try delivery.leave(wrong)
        var journal = Journal(delivery.file)
        (journal.here, journal.verified) = (RangeSet(0..<100_000), Digest.of(wrong).hex)
        try journal.save(in: delivery.folder.path, durably: true)
        try await delivery.receive()
        #expect(try delivery.isRight)
    }

    @Test func `a whole answer to a range that is the whole is taken`() async throws {
        let delivery = try Delivery(.generated(size: 400_000), faults: [StubFault(.cdn, .ignoreRange)])
        #expect(try await delivery.receive().sha256 == delivery.content.sha256)
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.ranges == ["bytes=0-399999"])
    }

    @Test func `a server that ignores one range of many is asked for it again`() async throws {
        let delivery = try Delivery(
            .generated(size: 70_000_000),
            faults: [StubFault(.cdn, .ignoreRange, skipping: 5)]
        )
        #expect(try await delivery.receive().sha256 == delivery.content.sha256)
        #expect(try delivery.isRight)
        #expect(!delivery.ranges.contains("none"))
        #expect(delivery.events.reasonsToRetry.count == 1)
    }

    @Test func `a whole answer does not land behind the bytes that are kept`() async throws {
        let delivery = try Delivery(.generated(size: 400_000), faults: [StubFault(.cdn, .ignoreRange)])
        try delivery.leave(first: 150_000)
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.events.refetchings == 0)
    }

    @Test func `a whole answer that breaks begins at the front again`() async throws {
        let delivery = try Delivery(
            .generated(size: 20_000_000),
            faults: [
                StubFault(.cdn, .ignoreRange, times: .max),
                StubFault(.cdn, .dropAfter(15_000_000), times: 3),
            ]
        )
        _ = try await delivery.engine(connections: 1).receive([delivery.file])
        #expect(try delivery.isRight)
        #expect(delivery.ranges.dropFirst() == ["none", "none", "none", "none"])
    }

    @Test(arguments: [StubResponse.Framing.chunked, .close])
    func `a whole answer may come without a length`(framing: StubResponse.Framing) async throws {
        let content = StubContent.generated(size: 400_000)
        let server = try StubServer { _ in
            var response = StubResponse(content: content)
            response.framing = framing
            return response
        }
        let folder = try TemporaryDirectory()
        let file = RemoteFile(name: "file", directory: folder.path, parts: [part(content, at: server)])
        let received = try await TransferEngine(connections: 1) { _ in }.receive([file])
        #expect(received.map(\.sha256) == [content.sha256])
    }

    @Test(arguments: [1, 399_999, 400_001, 800_000])
    func `a whole answer of another length is another file`(size: Int64) async throws {
        let server = try StubServer { _ in StubResponse(content: .generated(size: size)) }
        let folder = try TemporaryDirectory()
        let content = StubContent.generated(size: 400_000)
        let file = RemoteFile(name: "file", directory: folder.path, parts: [part(content, at: server)])
        do {
            _ = try await TransferEngine(connections: 1) { _ in }.receive([file])
            Issue.record("the length went unnoticed")
        } catch TransferError.wrongSize("file", let expected, let actual) {
            #expect(expected == 400_000)
            #expect(actual == ByteCount(size))
        }
        // Another address may be better: it is asked for three times.
        #expect(server.requests.count == 4)
    }

    @Test func `a range of a content of another length is another file`() async throws {
        let delivery = try Delivery(
            .generated(size: 400_000),
            faults: [StubFault(.cdn, .wrongTotal, times: .max)]
        )
        let failure = try await delivery.failure()
        guard case .wrongSize("model.gguf", let expected, let actual) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(expected == 400_000)
        #expect(actual == 400_001)
        #expect(delivery.timesLocated == 4)
    }

    @Test func `more bytes than were asked for are not written`() async throws {
        let content = StubContent.generated(size: 1000)
        let server = try StubServer { request in
            guard request.number == 0 else { return .serving(content, to: request) }
            var response = StubResponse(206, content: .generated(size: 5000, seed: 9))
            response.headers["Content-Range"] = "bytes 0-999/1000"
            return response
        }
        let folder = try TemporaryDirectory()
        let file = RemoteFile(name: "file", directory: folder.path, parts: [part(content, at: server)])
        let engine = TransferEngine(connections: 1, firstPause: .milliseconds(1)) { _ in }
        #expect(try await engine.receive([file]).map(\.sha256) == [content.sha256])
        #expect(try FileSystem.read(folder.appending("data")) == content.all)
    }

    @Test func `a login page of the network is called one`() async throws {
        let delivery = try Delivery(.generated(size: 400_000), faults: [StubFault(.cdn, .captivePortal)])
        let failure = try await delivery.failure()
        guard case .notTheFile("model.gguf", let what) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(what.contains("login page"))
        #expect(delivery.ranges.count == 1)
    }

    @Test func `a file that is a web page may come as one`() async throws {
        let content = StubContent.text("<!DOCTYPE html><html></html>")
        let server = try StubServer { _ in
            StubResponse(headers: ["Content-Type": "text/html"], content: content)
        }
        let folder = try TemporaryDirectory()
        let file = RemoteFile(name: "index.html", directory: folder.path, parts: [part(content, at: server)])
        #expect(
            try await TransferEngine(connections: 1) { _ in }.receive([file]).map(\.sha256) == [
                content.sha256
            ]
        )
    }

    @Test(arguments: [400, 402, 405, 451])
    func `other refusals are final at once`(status: Int) async throws {
        let delivery = try Delivery(.generated(size: 1000), faults: [StubFault(.cdn, .status(status))])
        let failure = try await delivery.failure()
        guard case .refused("model.gguf", let stated) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(stated == status)
        #expect(delivery.ranges.count == 1)
    }

    private func part(_ content: StubContent, at server: StubServer) -> RemotePart {
        let address = RemoteAddress(url: "\(server.url)/file", headers: [])
        return RemotePart(size: ByteCount(content.size), content: .sha256(content.sha256)) { address }
    }
}
