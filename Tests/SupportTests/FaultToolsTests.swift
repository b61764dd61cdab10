import Glibc
import TestSupport
import Testing

/// What tests of faults rely on.
struct FaultToolsTests {
    @Test func `work that hangs is left behind when its time is up`() async throws {
        let start = ContinuousClock.now
        await #expect(throws: DeadlineMissed.self) {
            try await finishing(within: .milliseconds(50)) {
                // It does not hear that it is cancelled.
                try await onOwnThread { usleep(20_000_000) }
            }
        }
        #expect(ContinuousClock.now - start < .seconds(15))
    }

    @Test func `work that ends in time answers, or fails as it does`() async throws {
        struct Broken: Error {}
        #expect(try await finishing(within: .seconds(60)) { 7 } == 7)
        await #expect(throws: Broken.self) { try await finishing(within: .seconds(60)) { throw Broken() } }
    }

    @Test func `a seed gives the same numbers each time, and another seed others`() {
        func row(_ seed: Int) -> [UInt64] {
            var numbers = SeededNumbers(seed: seed)
            return (0..<4).map { _ in numbers.next() }
        }
        #expect(row(1) == row(1))
        #expect(Set([row(0), row(1), row(2)].flatMap(\.self)).count == 12)
    }

    @Test func `a bounded send buffer holds little of an answer that nobody reads`() async throws {
        let size: Int64 = 64 << 20
        let server = try StubServer(sendBuffer: 128 << 10) { .serving(.generated(size: size), to: $0) }
        let client = try RawHTTP(port: server.port)
        #expect(client.sendRaw(Array("GET / HTTP/1.1\r\nHost: stub\r\n\r\n".utf8)))
        #expect(try await server.waitUntil { ($0.first?.bytesServed ?? 0) > 0 })
        try await Task.sleep(for: .milliseconds(200))
        #expect(server.bytesServed < 2 << 20)
        withExtendedLifetime(client) {}
    }
}
