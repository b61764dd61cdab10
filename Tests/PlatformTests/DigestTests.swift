import Platform
import TestSupport
import Testing

struct DigestTests {
    @Test(arguments: [
        (
            "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709"
        ),
        (
            "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        ),
    ])
    func `digests are those of the standards`(text: String, sha256: String, sha1: String) {
        #expect(Digest.of(Array(text.utf8)).hex == sha256)
        #expect(Digest.of(Array(text.utf8), .sha1).hex == sha1)
        #expect("\(Digest.of(Array(text.utf8)))" == "sha256:\(sha256)")
    }

    @Test func `a blob's hash is git's`() {
        var digest = RunningDigest(gitBlobOf: 6)
        digest.update(Array("hello\n".utf8).span.bytes)
        #expect(digest.finish().hex == "ce013625030ba8dba906f756967f9e9ca394464a")
        #expect(RunningDigest(gitBlobOf: 0).finish().hex == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
    }

    @Test(arguments: [1, 3, 64, 1000])
    func `the pieces do not matter`(size: Int) {
        let bytes = StubContent.generated(size: 5000).all
        var digest = RunningDigest(.sha256)
        var rest = bytes[...]
        while !rest.isEmpty {
            digest.update(Array(rest.prefix(size)).span.bytes)
            rest = rest.dropFirst(size)
        }
        #expect(digest.finish() == Digest.of(bytes))
    }

    @Test func `a file's digest is that of its bytes, and its reader may be stopped`() throws {
        let folder = try TemporaryDirectory()
        let content = StubContent.generated(size: 2_500_000)
        let path = try folder.write(content.all, to: "file")
        var told: [ByteCount] = []
        #expect(try Digest.ofFile(path) { told.append($0) } == content.sha256)
        #expect(told.last == 2_500_000)
        #expect(told == told.sorted() && told.count > 1)
        #expect(throws: CancellationError.self) { try Digest.ofFile(path) { _ in throw CancellationError() } }
    }

    @Test func `a digest is read in either case`() throws {
        let hex = String(repeating: "aB", count: 32)
        let digest = try #require(Digest(.sha256, hex: hex))
        #expect(digest.hex == hex.lowercased())
        #expect(digest == Digest(.sha256, hex: hex.lowercased()))
    }

    @Test(arguments: [
        "", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
        String(repeating: "g", count: 64),
        String(repeating: "ä", count: 32), "0x" + String(repeating: "a", count: 62),
        " " + String(repeating: "a", count: 63),
    ])
    func `what is no digest is refused`(hex: String) {
        #expect(Digest(.sha256, hex: hex) == nil)
        #expect(Digest(.sha1, hex: hex) == nil)
    }
}
