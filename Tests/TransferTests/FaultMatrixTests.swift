import Platform
import TestSupport
import Testing

struct FaultMatrixTests {
    /// More of them are a matter of time alone; the first ones have every kind of fault.
    static let seeds = 0..<(Environment.process["STACKCTL_TEST_SEEDS"].flatMap { Int($0) } ?? 80)

    @Test(arguments: seeds)
    func `whatever goes wrong, a file is right or its failure is named, and nothing is lost`(seed: Int)
        async throws
    {
        let play = try FaultPlay(FaultScenario(seed: seed))
        let outcome = try await play.run()
        let toll = play.toll()
        #expect(toll.outcomes.contains(outcome), "\(toll)")
        #expect(!play.scenario.strikesAtOnce || toll.taken[0] > 0)

        play.hub.clearFaults()
        #expect(try await play.run() == .whole)
        let most = play.mostBytes(toll, failedRuns: outcome == .whole ? 0 : 1)
        #expect(play.bytesServed <= most, "\(toll)")
        // A run away would show here: a file of this size needs few ranges, and a fault some more tries.
        #expect(play.timesAsked <= 64 + 4 * toll.taken.reduce(0, +), "\(toll)")
        #expect(!play.hub.tokenSeenAtCDN)
    }

    @Test func `the seeds have every kind of fault alone, and most of them in pairs`() {
        let scenarios = (0..<80).map { FaultScenario(seed: $0) }
        let alone = scenarios.filter { $0.faults.count == 1 }.map { FaultName($0.faults[0].kind) }
        #expect(Set(alone) == Set(FaultName.allCases))
        let paired = scenarios.filter { $0.faults.count == 2 }.flatMap(\.faults).map { FaultName($0.kind) }
        #expect(Set(paired) == Set(FaultName.allCases))
        #expect(scenarios.contains { $0.origin == .hub } && scenarios.contains { $0.befallsLocating })
    }

    @Test func `without a fault every byte is served once`() async throws {
        for seed in 0..<3 {
            let play = try FaultPlay(FaultScenario(seed: seed))
            play.hub.clearFaults()
            #expect(try await play.run() == .whole)
            #expect(play.bytesServed == play.scenario.size)
            #expect(try await play.run() == .whole)
            #expect(play.bytesServed == play.scenario.size)
        }
    }
}
