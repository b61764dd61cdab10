import Hub
import Platform
import TestSupport
import Testing

/// Some bytes of a large file, asked for by their places.
struct RangeTests {
    private static let content = StubContent.generated(size: 30_000_000)
    private let hub: StubHub
    private let client: HubClient
    private let file: RepositoryFile
    private let revision: Revision

    init() throws {
        let repository = StubRepository("org/model", files: ["m.gguf": Self.content])
        var settings = StubHub.Settings()
        settings.sendBuffer = 65_536
        hub = try StubHub([repository], settings: settings)
        client = HubClient(hub.endpoint, token: StubHub.grantedToken)
        let path = try #require(RelativePath("m.gguf"))
        file = RepositoryFile(path: path, size: 30_000_000, content: .sha256(Self.content.sha256))
        revision = Revision(repository: try #require(RepositoryID("org/model")), commit: repository.commit)
    }

    private func ask(_ range: Range<Int64>) async throws -> RangeAnswer {
        let location = try await client.locate(file, at: revision)
        return try await client.bytes(range, of: file.size, at: location)
    }

    private func bytes(_ range: Range<Int64>) async throws -> [UInt8] {
        guard case .bytes(let bytes, _) = try await ask(range) else { return [] }
        return bytes
    }

    @Test func `any range is what the file has there, and the token stays at the hub`() async throws {
        for start in [0, 1000, 20_000_000, 29_999_000] as [Int64] {
            let expected = Self.content.read(at: start, count: 1000)
            #expect(try await bytes(start..<start + 1000) == expected)
        }
        #expect(hub.bytesServed(.cdn) == 4000)
        #expect(!hub.tokenSeenAtCDN)
    }

    @Test func `a server that sends the whole file for any range is left when enough has come`() async throws
    {
        hub.inject(StubFault(.cdn, .ignoreRange))
        let answer = try await ask(100_000..<200_000)
        guard case .bytes(let bytes, let received) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(bytes == Self.content.read(at: 100_000, count: 100_000))
        #expect(received >= 200_000)
        #expect(received < 2_000_000)
        #expect(hub.bytesServed(.cdn) < 15_000_000)
    }

    @Test(arguments: [
        (StubFault.Kind.wrongContentRange, "another part"), (.missingContentRange, "another part"),
        (.wrongTotal, "another part"), (.contentEncoding("gzip"), "encodes"),
        (.captivePortal, "a web page"), (.answer(StubResponse(200, content: .text("no"))), "2 bytes"),
    ])
    func `what is not the range that was asked for is refused`(kind: StubFault.Kind, words: String)
        async throws
    {
        hub.inject(StubFault(.cdn, kind))
        #expect(await wordedRefusal { try await ask(0..<1000) }.contains(words))
    }

    @Test(arguments: [
        StubFault.Kind.status(503), .dropAfter(10), .dropAfter(10, reset: true), .garbage,
    ])
    func `what passes is tried again`(kind: StubFault.Kind) async throws {
        hub.inject(StubFault(.cdn, kind))
        #expect(try await bytes(0..<1000) == Self.content.read(at: 0, count: 1000))
        #expect(hub.requests(.cdn).count == 2)
    }

    @Test func `fewer bytes than asked for are what they are`() async throws {
        hub.inject(StubFault(.cdn, .shortBody(by: 400)))
        #expect(try await bytes(0..<1000) == Self.content.read(at: 0, count: 600))
    }

    @Test func `an address that is too old is told by its status`() async throws {
        hub.inject(StubFault(.cdn, .expiredURL))
        guard case .refused(status: 403) = try await ask(0..<10) else {
            Issue.record("an old address gave bytes")
            return
        }
    }
}
