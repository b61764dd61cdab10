import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Transfer

/// A file in three parts, each at an address of its own.
private struct PartedFile {
    static let contents = [
        StubContent.generated(size: 100_000, seed: 1), .generated(size: 70_000, seed: 2),
        .generated(size: 30_001, seed: 3),
    ]
    static var whole: [UInt8] { contents.flatMap(\.all) }

    let server: StubServer
    let folder: TemporaryDirectory

    /// The named part is wrong in so many answers.
    init(corrupting part: Int = 0, times: Int = 0) throws {
        let folder = try TemporaryDirectory()
        self.folder = folder
        let asked = Counter()
        server = try StubServer { request in
            let index = Int(request.segments.last ?? "") ?? 0
            var response = StubResponse.serving(Self.contents[index], to: request)
            if index == part, asked.next() < times { response.trouble.corruptByte = 5 }
            return response
        }
    }

    func leave(first count: Int) throws {
        try folder.write(PartedFile.whole.prefix(count), to: "data")
        var journal = Journal(file())
        journal.here = RangeSet(0..<Int64(count))
        try journal.save(in: folder.path, durably: true)
    }

    func receive(gitBlobs: Bool = false) async throws -> ReceivedFile {
        try await TransferEngine(connections: 2, firstPause: .milliseconds(1)) { _ in }
            .receive([file(gitBlobs: gitBlobs)])[0]
    }

    private func file(gitBlobs: Bool = false) -> RemoteFile {
        let parts = Self.contents.enumerated().map { index, content in
            RemotePart(
                size: ByteCount(content.size),
                content: gitBlobs ? .gitBlob(content.gitBlob) : .sha256(content.sha256)
            ) { [server] in RemoteAddress(url: "\(server.url)/\(index)", headers: []) }
        }
        return RemoteFile(name: "whole", directory: folder.path, parts: parts)
    }

    var requests: [String] {
        server.requests.map { "\($0.request.path) \($0.request.headers["range"] ?? "none")" }
    }
}

struct PartsTests {
    @Test(arguments: [false, true])
    func `the parts of a file follow each other, and its hash is that of all`(gitBlobs: Bool) async throws {
        let parted = try PartedFile()
        let file = try await parted.receive(gitBlobs: gitBlobs)
        #expect(file.size == 200_001)
        #expect(file.sha256 == Digest.of(PartedFile.whole))
        #expect(try FileSystem.read(file.content) == PartedFile.whole)
        #expect(parted.requests == ["/0 bytes=0-99999", "/1 bytes=0-69999", "/2 bytes=0-30000"])
    }

    @Test(arguments: [
        (1, ["/0 bytes=1-99999", "/1 bytes=0-69999", "/2 bytes=0-30000"]),
        (100_000, ["/1 bytes=0-69999", "/2 bytes=0-30000"]),
        (100_007, ["/1 bytes=7-69999", "/2 bytes=0-30000"]),
        (170_000, ["/2 bytes=0-30000"]),
        (200_000, ["/2 bytes=30000-30000"]),
        (200_001, []),
    ])
    func `a file in parts goes on in the part that it had reached`(kept: Int, requests: [String]) async throws
    {
        let parted = try PartedFile()
        try parted.leave(first: kept)
        #expect(try await parted.receive().sha256 == Digest.of(PartedFile.whole))
        #expect(parted.requests == requests)
    }

    @Test(arguments: 0..<3)
    func `a corrupt part alone is fetched once more`(index: Int) async throws {
        let parted = try PartedFile(corrupting: index, times: 1)
        let file = try await parted.receive()
        #expect(file.sha256 == Digest.of(PartedFile.whole))
        #expect(try FileSystem.read(file.content) == PartedFile.whole)
        #expect(parted.requests.count { $0.hasPrefix("/\(index) ") } == 2)
        #expect(parted.requests.count == 4)
    }

    @Test func `a part that is wrong twice leaves the others`() async throws {
        let parted = try PartedFile(corrupting: 1, times: 2)
        do {
            _ = try await parted.receive()
            Issue.record("the wrong part went unnoticed")
        } catch TransferError.wrongHash(_, let expected, _, _) {
            #expect(expected == PartedFile.contents[1].sha256)
        }
        let before = parted.requests.count
        #expect(try await parted.receive().sha256 == Digest.of(PartedFile.whole))
        #expect(parted.requests[before...].allSatisfy { !$0.hasPrefix("/0 ") })
        #expect(parted.requests.contains("/1 bytes=0-69999"))
    }

    @Test func `a small file is held against git's hash`() async throws {
        let content = StubContent.text("hello\n")
        let folder = try TemporaryDirectory()
        let server = try StubServer { .serving(content, to: $0) }
        let git = try #require(Digest(.sha1, hex: "ce013625030ba8dba906f756967f9e9ca394464a"))
        let part = RemotePart(size: 6, content: .gitBlob(git)) {
            RemoteAddress(url: "\(server.url)/greeting", headers: [])
        }
        let file = RemoteFile(name: "greeting", directory: folder.path, parts: [part])
        let received = try await TransferEngine(connections: 1) { _ in }.receive([file])
        #expect(received.map(\.sha256) == [content.sha256])
    }

    @Test func `a small file with another git hash is refused`() async throws {
        let content = StubContent.text("hello\n")
        let folder = try TemporaryDirectory()
        let server = try StubServer { .serving(.text("hullo\n"), to: $0) }
        let part = RemotePart(size: 6, content: .gitBlob(content.gitBlob)) {
            RemoteAddress(url: "\(server.url)/greeting", headers: [])
        }
        let file = RemoteFile(name: "greeting", directory: folder.path, parts: [part])
        do {
            _ = try await TransferEngine(connections: 1) { _ in }.receive([file])
            Issue.record("the wrong content went unnoticed")
        } catch TransferError.wrongHash(_, let expected, let actual, _) {
            #expect(expected == content.gitBlob)
            #expect(actual == StubContent.text("hullo\n").gitBlob)
        }
    }

    @Test func `a file without parts is empty`() async throws {
        let folder = try TemporaryDirectory()
        let file = RemoteFile(name: "nothing", directory: folder.path, parts: [])
        let received = try await TransferEngine(connections: 1) { _ in }.receive([file])
        #expect(received.map(\.sha256) == [Digest.of([])])
    }
}
