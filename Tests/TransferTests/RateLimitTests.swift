import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Transfer

/// A limit holds for all connections together, and what it allows is used.
struct RateLimitTests {
    private static let rate: Int64 = 8_000_000

    @Test(arguments: [1, 8])
    func `eight connections have a rate in common, within five percent`(files: Int) async throws {
        // What a transfer takes besides, from the first request to the verified file, is in both and cancels out.
        let (small, large): (Int64, Int64) = (8_000_000, 40_000_000)
        let first = try await time(toReceive: small, files: files)
        let second = try await time(toReceive: large, files: files)
        let rate = Double(large - small) / ((second - first) / .seconds(1))
        #expect(abs(rate / Double(Self.rate) - 1) <= 0.05, "\(rate) bytes a second")
        // Not faster in the beginning either, but for what a silence has saved up.
        #expect(first >= .seconds(Double(small) / Double(Self.rate)) * 0.85)
    }

    @Test func `every connection gets its share`() async throws {
        let delivery = try Delivery(.generated(size: 8 * Ledger.leastSpan))
        let engine = delivery.engine(connections: 8, rateLimit: ByteCount(Self.rate))
        let task = Task { try await engine.receive([delivery.file]) }
        while delivery.events.counts.last ?? 0 < 16_000_000 { try await Task.sleep(for: .milliseconds(20)) }
        task.cancel()
        _ = try? await task.value
        let shares = try #require(Journal.load(from: delivery.folder.path).last).here.ranges.map(\.length)
        #expect(shares.count == 8)
        #expect((shares.min() ?? 0) * 8 > shares.max() ?? 0, "\(shares)")
    }

    private func time(toReceive size: Int64, files: Int) async throws -> Duration {
        let contents = (0..<files).map { StubContent.generated(size: size / Int64(files), seed: UInt64($0)) }
        let server = try StubServer { request in
            .serving(contents[Int(request.segments[0]) ?? 0], to: request)
        }
        let folder = try TemporaryDirectory()
        let remotes = try contents.enumerated().map { index, content in
            let directory = folder.appending("\(index)")
            try FileSystem.createDirectory(directory)
            let address = RemoteAddress(url: "\(server.url)/\(index)", headers: [])
            let part = RemotePart(size: ByteCount(content.size), content: .sha256(content.sha256)) { address }
            return RemoteFile(name: "\(index)", directory: directory, parts: [part])
        }
        let engine = TransferEngine(connections: 8, rateLimit: ByteCount(Self.rate)) { _ in }
        let start = ContinuousClock.now
        let received = try await engine.receive(remotes)
        let taken = ContinuousClock.now - start
        #expect(received.map(\.sha256) == contents.map(\.sha256))
        #expect(server.bytesServed == size)
        return taken
    }
}
