import Platform
import TestSupport
import Testing

@testable import Transfer

/// What befalls one of several connections, or all of them at once.
struct ParallelSetbackTests {
    private static let size: Int64 = 72_000_000

    // MARK: Ranges that are ignored

    @Test(arguments: [0, 1, 2, 3, 6])
    func `one answer that ignores its range spoils nothing`(skipping: Int) async throws {
        let fault = StubFault(.cdn, .ignoreRange, skipping: skipping)
        let play = try FaultPlay(FaultScenario(size: Self.size, fault))
        #expect(try await play.run() == .whole)
        #expect(play.toll().taken == [1])
        // Before the first range has come it looks like a server that knows none.
        let rounds: Int64 = skipping < FaultPlay.connections ? 2 : 1
        #expect(
            play.bytesServed <= rounds * Self.size + play.onTheWay(connections: FaultPlay.connections + 1)
        )
    }

    @Test func `a server that knows no ranges is asked for the whole, and gives it about once`() async throws
    {
        let play = try FaultPlay(FaultScenario(size: Self.size, StubFault(.cdn, .ignoreRange, times: .max)))
        #expect(try await play.run() == .whole)
        // What several connections got before the first answer was understood is all that may be lost.
        #expect(play.bytesServed <= Self.size + play.onTheWay(connections: FaultPlay.connections + 1))
        #expect(play.timesAsked <= 2 * FaultPlay.connections)
    }

    @Test func `a whole answer that breaks is taken up from its front, and nothing is mixed up`() async throws
    {
        let play = try FaultPlay(
            FaultScenario(
                size: Self.size,
                StubFault(.cdn, .ignoreRange, times: .max),
                StubFault(.cdn, .dropAfter(9_000_000), times: 2)
            )
        )
        #expect(try await play.run() == .whole)
        #expect(play.bytesServed <= 3 * Self.size + play.onTheWay(connections: 8))
    }

    // MARK: Failures in the middle

    @Test(arguments: [3, 5, 7])
    func `what had come over all connections when one was refused for good is kept`(skipping: Int)
        async throws
    {
        let play = try FaultPlay(
            FaultScenario(
                size: Self.size,
                StubFault(.cdn, .throttle(bytesPerSecond: 40_000_000), times: .max),
                StubFault(.cdn, .status(451), skipping: skipping)
            )
        )
        #expect(try await play.run() == .refused)
        let before = play.bytesServed
        #expect(try await play.run() == .whole)
        #expect(play.bytesServed <= Self.size + play.onTheWay(connections: FaultPlay.connections))
        #expect(before > 0)
    }

    // MARK: Addresses that expire

    @Test func `an address that expires under all connections is asked for once more, not once by each`()
        async throws
    {
        let play = try FaultPlay(
            FaultScenario(
                size: Self.size,
                StubFault(.cdn, .throttle(bytesPerSecond: 4_000_000), times: FaultPlay.connections),
                StubFault(.cdn, .dropAfter(900_000), times: FaultPlay.connections)
            )
        )
        async let outcome = play.run()
        let flowing = try await play.hub.waitUntil(.cdn) { records in
            records.count { $0.bytesServed > 0 } == FaultPlay.connections
        }
        #expect(flowing)
        play.hub.expireAddresses()
        #expect(try await outcome == .whole)
        let refusals = play.hub.requests(.cdn).count { $0.status == 403 }
        #expect((1...FaultPlay.connections).contains(refusals))
        #expect(play.timesLocated == 2)
    }

    // MARK: Connections that are slow

    @Test(arguments: [0, 1, 5])
    func `a connection that is far slower than the others is replaced`(skipping: Int) async throws {
        let (usual, slow): (Int64, Int64) = (20_000_000, 1_000_000)
        let play = try FaultPlay(
            FaultScenario(
                size: Self.size,
                StubFault(.cdn, .throttle(bytesPerSecond: usual), times: .max),
                StubFault(.cdn, .throttle(bytesPerSecond: slow), skipping: skipping)
            )
        )
        var engine = play.engine
        engine.pacing.slowAfter = .milliseconds(600)
        let start = ContinuousClock.now
        #expect(try await play.run(engine) == .whole)
        // Alone the slow one takes more than eight seconds for the least that a request asks for.
        #expect(ContinuousClock.now - start < .seconds(4))
        #expect(play.toll().taken[1] == 1)
        #expect(play.bytesServed <= Self.size + play.onTheWay(connections: 1))
    }

    @Test func `lines that are all slow are left as they are`() async throws {
        let play = try FaultPlay(
            FaultScenario(
                size: 34_000_000,
                StubFault(.cdn, .throttle(bytesPerSecond: 4_000_000), times: .max)
            )
        )
        var engine = play.engine
        engine.pacing.slowAfter = .milliseconds(300)
        #expect(try await play.run(engine) == .whole)
        #expect(play.bytesServed == play.scenario.size)
        #expect(play.timesAsked == FaultPlay.connections)
    }

    // MARK: Quotas

    @Test func `after a 429 with Retry-After nobody asks that server before the time is up`() async throws {
        let headers: StubHeaders = ["Retry-After": "1"]
        let play = try FaultPlay(
            FaultScenario(
                size: Self.size,
                StubFault(.cdn, .throttle(bytesPerSecond: 20_000_000), times: .max),
                StubFault(.cdn, .status(429, headers: headers), skipping: 2)
            )
        )
        #expect(try await play.run() == .whole)
        let requests = play.hub.requests(.cdn)
        let refused = try #require(requests.first { $0.status == 429 }?.ended)
        // What was sent before the refusal was read is no disobedience.
        let during = requests.filter {
            $0.begun > refused + .milliseconds(200) && $0.begun < refused + .seconds(1)
        }
        #expect(during.isEmpty)
        #expect(requests.contains { $0.begun >= refused + .seconds(1) })
    }
}
