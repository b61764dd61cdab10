import Mirror
import Platform
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct StreamingTests {
    private static let size: Int64 = 256 << 20
    private let sample: SampleStore

    init() throws {
        sample = try SampleStore()
        try sample.addSparse("model.gguf", size: Self.size)
    }

    private let target = "/org/sparse/resolve/main/model.gguf"

    @Test func `a client that takes nothing is sent no more than the line holds`() async throws {
        let exchanges = try await withMirror(of: sample.source) { mirror async throws in
            do {
                let client = try UnhurriedClient(port: mirror.port, asking: target)
                #expect(try await client.take(1000) == 1000)
                // Another client is served meanwhile.
                let range: StubHeaders = ["Range": "bytes=\(Self.size - 10)-"]
                #expect(try await mirror.ask(target, headers: range).body == Array(repeating: 0, count: 10))
            }
            while mirror.exchanges.count < 2 { try await Task.sleep(for: .milliseconds(10)) }
            return mirror.exchanges
        }
        let whole = try #require(exchanges.first { $0.status == 200 })
        #expect(!whole.isComplete)
        #expect(whole.sent.bytes < Self.size / 4)
        #expect(whole.description.hasSuffix(" of \(Self.size)"))
    }

    @Test func `the end does not wait for clients that stay`() async throws {
        let idle = try await withMirror(of: sample.source) { mirror async throws in
            let stalled = try UnhurriedClient(port: mirror.port, asking: target)
            #expect(try await stalled.take(1000) == 1000)
            let kept = try RawHTTP(port: mirror.port)
            let answer = try await onOwnThread { [target] in try kept.send("HEAD", target) }
            #expect(answer.status == 200)
            return (stalled, kept)
        }
        withExtendedLifetime(idle) {}
    }

    @Test func `a file that is cut while it is sent breaks the line`() async throws {
        try await withMirror(of: sample.source) { mirror async throws in
            let client = try UnhurriedClient(port: mirror.port, asking: target)
            #expect(try await client.take(1000) == 1000)
            let path = sample.directory.appending("models/sparse/gguf/q4_k_m/model.gguf")
            try File(path, .update).truncate(to: 1000)
            #expect(try await client.take(Int(Self.size)) < Int(Self.size) / 2)
        }
    }

    @Test func `a whole file arrives whole`() async throws {
        let exchanges = try await withMirror(of: sample.source) { mirror async throws in
            let client = try UnhurriedClient(port: mirror.port, asking: target)
            let taken = try await client.take(Int(Self.size))
            #expect(taken == Int(Self.size))
            while mirror.exchanges.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            return mirror.exchanges
        }
        #expect(exchanges.map(\.sent.bytes) == [Self.size])
    }
}
