import Mirror
import Platform
import TestSupport
import Testing

struct ResolveTests {
    private let folder: SampleFolder

    init() throws { folder = try SampleFolder() }

    private let weights = "/org/model/resolve/main/weights/model-q4_k_m.gguf"
    private let config = "/org/model/resolve/main/config.json"

    @Test func `a large file is named by its SHA-256 and a small one by git's hash`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let large = try await mirror.ask(weights)
            let digest = "\"\(Digest.of(SampleFolder.weights).hex)\""
            #expect(large.status == 200)
            #expect(large.body == SampleFolder.weights)
            #expect(large.headers["etag"] == digest)
            #expect(large.headers["x-linked-etag"] == digest)
            #expect(large.headers["x-linked-size"] == "100000")
            #expect(large.headers["content-length"] == "100000")
            #expect(large.headers["accept-ranges"] == "bytes")
            #expect(large.headers["content-encoding"] == nil)
            #expect(large.headers["transfer-encoding"] == nil)
            let small = try await mirror.ask(config)
            #expect(small.text == SampleFolder.config)
            // What `git hash-object` says of that text.
            #expect(small.headers["etag"] == "\"5a173f32eeda27116011dd50549d0ebc08e5e926\"")
            #expect(small.headers["x-repo-commit"] == large.headers["x-repo-commit"])
            #expect(small.headers["x-repo-commit"]?.count == 40)
        }
    }

    @Test func `HEAD says the same without the body, and the connection stays`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let (head, ranged, get) = try await onOwnThread { [weights, config] in
                let connection = try RawHTTP(port: mirror.port)
                return (
                    try connection.send("HEAD", weights),
                    try connection.send("HEAD", weights, headers: ["Range": "bytes=0-0"]),
                    try connection.send("GET", config)
                )
            }
            for head in [head, ranged] {
                #expect(head.status == 200)
                #expect(head.headers["content-length"] == "100000")
                #expect(head.body.isEmpty)
            }
            #expect(get.text == SampleFolder.config)
        }
    }

    struct Ranged: Sendable, CustomTestStringConvertible {
        let field: String
        let status: Int
        let bytes: Range<Int>
        var testDescription: String { "`\(field)` is answered with \(status)" }
    }

    @Test(arguments: [
        Ranged(field: "bytes=0-0", status: 206, bytes: 0..<1),
        Ranged(field: "bytes=10-19", status: 206, bytes: 10..<20),
        Ranged(field: "Bytes=10-19", status: 206, bytes: 10..<20),
        Ranged(field: "bytes=99990-", status: 206, bytes: 99_990..<100_000),
        Ranged(field: "bytes=0-", status: 206, bytes: 0..<100_000),
        Ranged(field: "bytes=99999-500000", status: 206, bytes: 99_999..<100_000),
        Ranged(field: "bytes=0-99999999999999999999999", status: 206, bytes: 0..<100_000),
        Ranged(field: "bytes=-7", status: 206, bytes: 99_993..<100_000),
        Ranged(field: "bytes=-99999999999999999999999", status: 206, bytes: 0..<100_000),
        Ranged(field: "bytes=100000-", status: 416, bytes: 0..<0),
        Ranged(field: "bytes=100000-100001", status: 416, bytes: 0..<0),
        Ranged(field: "bytes=99999999999999999999999-", status: 416, bytes: 0..<0),
        Ranged(field: "bytes=-0", status: 416, bytes: 0..<0),
        Ranged(field: "bytes=0-1,4-5", status: 200, bytes: 0..<100_000),
        Ranged(field: "bytes=5-4", status: 200, bytes: 0..<100_000),
        Ranged(field: "bytes=-", status: 200, bytes: 0..<100_000),
        Ranged(field: "bytes=", status: 200, bytes: 0..<100_000),
        Ranged(field: "bytes=a-b", status: 200, bytes: 0..<100_000),
        Ranged(field: "bytes=1--2", status: 200, bytes: 0..<100_000),
        Ranged(field: "bytes=+1-2", status: 200, bytes: 0..<100_000),
        Ranged(field: "items=0-1", status: 200, bytes: 0..<100_000),
    ])
    func `a single range is served, an impossible one refused, any other ignored`(_ range: Ranged)
        async throws
    {
        try await withMirror(of: folder.source) { mirror async throws in
            let answer = try await mirror.ask(weights, headers: ["Range": range.field])
            #expect(answer.status == range.status)
            #expect(answer.body == Array(SampleFolder.weights[range.bytes]))
            #expect(answer.headers["content-length"] == "\(range.bytes.count)")
            let expected: String? =
                switch range.status {
                case 206: "bytes \(range.bytes.lowerBound)-\(range.bytes.upperBound - 1)/100000"
                case 416: "bytes */100000"
                default: nil
                }
            #expect(answer.headers["content-range"] == expected)
            #expect(answer.headers["x-repo-commit"]?.count == 40)
        }
    }

    @Test func `the ranges of a file add up to the file`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            var bytes: [UInt8] = []
            for start in stride(from: 0, to: 100_000, by: 33_333) {
                bytes += try await mirror.ask(weights, headers: ["Range": "bytes=\(start)-\(start + 33_332)"])
                    .body
            }
            #expect(bytes == SampleFolder.weights)
        }
    }

    @Test func `a range counts only while the file is the one that the client began with`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let etag = try #require(try await mirror.ask("HEAD", weights).headers["etag"])
            let same = try await mirror.ask(weights, headers: ["Range": "bytes=5-6", "If-Range": etag])
            let other = try await mirror.ask(
                weights,
                headers: ["Range": "bytes=5-6", "If-Range": "\"other\""]
            )
            #expect(same.status == 206)
            #expect(other.status == 200 && other.body.count == 100_000)
        }
    }

    @Test(arguments: ["%", "W/%", "\"a\", %", "*"])
    func `what the client has is not sent again`(_ pattern: String) async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let etag = try #require(try await mirror.ask("HEAD", config).headers["etag"])
            let field = pattern.replacing("%", with: etag)
            let answer = try await mirror.ask(
                config,
                headers: ["If-None-Match": field, "Range": "bytes=0-1"]
            )
            #expect(answer.status == 304)
            #expect(answer.headers["etag"] == etag)
            #expect(answer.headers["x-repo-commit"]?.count == 40)
            #expect(answer.headers["content-length"] == nil)
            #expect(try await mirror.ask(config, headers: ["If-None-Match": "\"other\""]).status == 200)
        }
    }

    @Test func `an empty file is 200 and nothing, whatever range is asked for`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            for headers in [[:], ["Range": "bytes=0-9"]] as [StubHeaders] {
                let answer = try await mirror.ask("/org/model/resolve/main/empty.txt", headers: headers)
                #expect(answer.status == 200)
                #expect(answer.headers["content-length"] == "0")
                #expect(answer.headers["etag"] == "\"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\"")
            }
        }
    }

    @Test(arguments: ["weights/a%20b%25%23%C3%BC.txt", "weights%2Fa%20b%25%23%c3%bc.txt"])
    func `a path is decoded once`(_ path: String) async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            #expect(try await mirror.ask("/org/model/resolve/main/\(path)").text == "spaces and ünï")
        }
    }

    @Test func `the commit, its beginning and the branch are the same revision`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let commit = try #require(try await mirror.ask("HEAD", config).headers["x-repo-commit"])
            for name in [
                commit, commit.uppercased(), String(commit.prefix(7)), "main", "refs%2Fheads%2Fmain", "HEAD",
            ] {
                #expect(
                    try await mirror.ask("/org/model/resolve/\(name)/config.json").text == SampleFolder.config
                )
            }
            for name in [
                String(commit.prefix(6)), "v1", "refs%2Fpr%2F1", String(repeating: "0", count: 40), "",
            ] {
                let answer = try await mirror.ask("/org/model/resolve/\(name)/config.json")
                #expect(answer.status == 404)
                #expect(answer.headers["x-error-code"] == "RevisionNotFound")
            }
        }
    }

    @Test func `the mirror tells of each request when it is over`() async throws {
        let exchanges = try await exchanges(MirrorConfiguration(of: folder.source)) { mirror async throws in
            _ = try await mirror.ask("HEAD", config)
            _ = try await mirror.ask(weights + "?token=secret", headers: ["Range": "bytes=0-9"])
            _ = try await mirror.ask("/nothing", headers: ["Authorization": "Bearer secret"])
        }
        #expect(
            exchanges.map(\.description) == [
                "HEAD \(config) 200 0", "GET \(weights) 206 10", "GET /nothing 404 21",
            ]
        )
        #expect(exchanges.allSatisfy { $0.isComplete })
    }
}
