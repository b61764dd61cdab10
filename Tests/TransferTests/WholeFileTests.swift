import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Transfer

struct WholeFileTests {
    static let span = Ledger.leastSpan

    @Test(arguments: [1, 4095, 1_000_000])
    func `a file comes whole`(size: Int64) async throws {
        let delivery = try Delivery(.generated(size: size))
        let file = try await delivery.receive()
        #expect(file.content == delivery.data)
        #expect(file.size == ByteCount(size))
        #expect(file.sha256 == delivery.content.sha256)
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.ranges == ["bytes=0-\(size - 1)"])
        #expect(delivery.hub.bytesServed(.cdn) == size)
    }

    @Test(arguments: [span - 1, span, span + 1, span + span / 2, 8 * span, 9 * span + 5_000_000])
    func `a large file is asked for in bounded ranges, each byte once, the lowest first`(size: Int64)
        async throws
    {
        let delivery = try Delivery(.generated(size: size))
        #expect(try await delivery.receive().sha256 == delivery.content.sha256)
        #expect(try delivery.isRight)
        #expect(delivery.ranges.count == delivery.asked.count)
        let asked = delivery.asked.sorted { $0.lowerBound < $1.lowerBound }
        #expect(asked.first?.lowerBound == 0)
        #expect(zip(asked, asked.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(asked.last?.upperBound == size)
        // Four connections: whoever asks is at most three others ahead of the lowest.
        for (index, range) in delivery.asked.enumerated() {
            let before = delivery.asked[..<index].count { $0.lowerBound < range.lowerBound }
            let below = asked.count { $0.lowerBound < range.lowerBound }
            #expect(below - before < 4)
        }
        #expect(delivery.hub.bytesServed(.cdn) == size)
        #expect(delivery.timesLocated == 1)
    }

    @Test func `an empty file needs no request`() async throws {
        let delivery = try Delivery(.bytes([]))
        let file = try await delivery.receive()
        #expect(file.size == 0)
        #expect(file.sha256.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(try delivery.received.isEmpty)
        #expect(delivery.hub.requests().isEmpty)
    }

    @Test func `what is told only grows and ends with the whole`() async throws {
        let delivery = try Delivery(.generated(size: 3_000_000))
        try await delivery.receive()
        let counts = delivery.events.counts
        #expect(counts == counts.sorted())
        #expect(counts.last == 3_000_000)
        #expect(delivery.events.finished == ["model.gguf"])
        #expect(delivery.events.reasonsToRetry.isEmpty)
    }

    @Test func `the address's header fields are sent, and no encoding is asked for`() async throws {
        let content = StubContent.generated(size: 1000)
        let server = try StubServer { .serving(content, to: $0) }
        let folder = try TemporaryDirectory()
        let part = RemotePart(size: 1000, content: .sha256(content.sha256)) {
            RemoteAddress(url: "\(server.url)/file", headers: [("Authorization", "Bearer secret")])
        }
        let file = RemoteFile(name: "file", directory: folder.path, parts: [part])
        _ = try await TransferEngine(connections: 1) { _ in }.receive([file])
        let request = try #require(server.requests.first?.request)
        #expect(request.headers["authorization"] == "Bearer secret")
        #expect(request.headers["accept-encoding"] == "identity")
    }

    @Test func `the token of the hub does not reach the address of another origin`() async throws {
        let delivery = try Delivery(.generated(size: 1000))
        try await delivery.receive()
        #expect(delivery.hub.requests(.cdn).count == 1)
        #expect(!delivery.hub.tokenSeenAtCDN)
    }

    @Test func `a limit makes a transfer take its time`() async throws {
        let delivery = try Delivery(.generated(size: 2_000_000))
        let start = ContinuousClock.now
        _ = try await delivery.engine(rateLimit: 1_000_000).receive([delivery.file])
        #expect(ContinuousClock.now - start >= .milliseconds(1500))
        #expect(try delivery.isRight)
    }

    @Test func `two files share one limit`() async throws {
        let first = try Delivery(.generated(size: 400_000))
        let second = try Delivery(.generated(size: 400_000, seed: 1))
        let start = ContinuousClock.now
        _ = try await first.engine(rateLimit: 1_000_000).receive([first.file, second.file])
        #expect(ContinuousClock.now - start >= .milliseconds(600))
    }
}
