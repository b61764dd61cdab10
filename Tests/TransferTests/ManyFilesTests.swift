import Glibc
import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Transfer

/// Counts.
final class Counter: Sendable {
    private let state = Mutex((now: 0, most: 0))

    /// The number before this call.
    func next() -> Int {
        state.withLock { state in
            defer { state.now += 1 }
            state.most = max(state.most, state.now + 1)
            return state.now
        }
    }

    func leave() { state.withLock { $0.now -= 1 } }

    var most: Int { state.withLock { $0.most } }
}

struct ManyFilesTests {
    private func content(_ index: Int) -> StubContent {
        .generated(size: Int64(index % 40) * 257, seed: UInt64(index))
    }

    private func files(_ count: Int, at server: StubServer, below folder: TemporaryDirectory) throws
        -> [RemoteFile]
    {
        try (0..<count).map { index in
            let directory = folder.appending("\(index)")
            try FileSystem.createDirectory(directory)
            let content = content(index)
            let part = RemotePart(size: ByteCount(content.size), content: .sha256(content.sha256)) {
                RemoteAddress(url: "\(server.url)/\(index)", headers: [])
            }
            return RemoteFile(name: "\(index)", directory: directory, parts: [part])
        }
    }

    @Test(arguments: [1, 2, 8])
    func `many files come over no more connections than allowed, in the order they were asked for`(
        connections: Int
    ) async throws {
        let active = Counter()
        let server = try StubServer { request in
            _ = active.next()
            usleep(5000)
            // Before the answer is sent: what the client does after it cannot be counted too early.
            active.leave()
            return .serving(content(Int(request.segments.last ?? "") ?? 0), to: request)
        }
        let folder = try TemporaryDirectory()
        let files = try files(64, at: server, below: folder)
        let received = try await TransferEngine(connections: connections) { _ in }.receive(files)
        #expect(received.map(\.sha256) == (0..<64).map { content($0).sha256 })
        #expect(received.map(\.content) == files.map { $0.directory.appending("data") })
        #expect(active.most <= connections)
        #expect(connections == 1 || active.most > 1)
        // Empty files need no request.
        #expect(server.requests.count == 62)
    }

    @Test func `a number of connections below one is one`() async throws {
        let server = try StubServer { .serving(content(7), to: $0) }
        let folder = try TemporaryDirectory()
        let file = try files(8, at: server, below: folder)[7]
        #expect(try await TransferEngine(connections: -3) { _ in }.receive([file]).count == 1)
    }

    @Test func `one file that cannot be had ends the others, and what came stays`() async throws {
        let isBroken = Mutex(true)
        let server = try StubServer { request in
            let index = Int(request.segments.last ?? "") ?? 0
            if index == 20, isBroken.withLock({ $0 }) { return StubResponse(400) }
            return .serving(content(index), to: request)
        }
        let folder = try TemporaryDirectory()
        let files = try files(40, at: server, below: folder)
        do {
            _ = try await TransferEngine(connections: 1) { _ in }.receive(files)
            Issue.record("the refusal went unnoticed")
        } catch TransferError.refused("20", 400) {}
        let before = server.requests.count
        #expect(before < 39)

        isBroken.withLock { $0 = false }
        let received = try await TransferEngine(connections: 4) { _ in }.receive(files)
        #expect(received.map(\.sha256) == (0..<40).map { content($0).sha256 })
        // The refused one is asked for twice, every other one once, unless it was on its way when it all ended.
        #expect((40...41).contains(server.requests.count))
    }

    @Test func `nothing to receive is received at once`() async throws {
        #expect(try await TransferEngine(connections: 4) { _ in }.receive([]).isEmpty)
    }
}
