import Formats
import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// A gated model of many megabytes behind a hub that is slow enough to be killed in the middle of.
private final class LargePull: Sendable {
    /// Of each connection, of which there are eight.
    private static let bytesPerSecond: Int64 = 16_000_000
    /// What a killed run may cost: what had come but was not written down yet.
    static let lostWithAKill: Int64 = 16 << 20

    let home: CommandLineHome
    let content: StubContent

    init(mebibytes: Int) throws {
        let folder = try TemporaryDirectory()
        self.folder = folder
        let content = try Self.write(mebibytes, to: folder.appending("model.gguf"))
        self.content = content
        home = try CommandLineHome(
            StubRepository("org/big", files: ["m-Q4_K_M.gguf": content], access: .gated)
        )
        home.hub.inject(StubFault(.cdn, .throttle(bytesPerSecond: Self.bytesPerSecond), times: .max))
    }

    private let folder: TemporaryDirectory

    /// In a file: that many bytes are too many to keep in memory for each test.
    private static func write(_ mebibytes: Int, to path: FilePath) throws -> StubContent {
        let header = try largeHeader(mebibytes: mebibytes).header()
        let data = StubContent.generated(size: Int64(mebibytes) << 20)
        let file = try File(path, .create)
        try file.write(header.span.bytes, at: 0)
        var place: Int64 = 0
        while place < data.size {
            let piece = data.read(at: place, count: 1 << 20)
            try file.write(piece.span.bytes, at: Int64(header.count) + place)
            place += Int64(piece.count)
        }
        return .file(path)
    }

    var bytesServed: Int64 { home.hub.bytesServed(.cdn) }

    func start() throws -> BinaryRun {
        try home.start(
            ["llamacpp", "pull", "org/big", "--connections", "8"],
            environment: ["HF_TOKEN": StubHub.grantedToken]
        )
    }

    /// Runs until so many bytes of all runs have been served, then kills; tells whether there was something to kill.
    func kill(atBytes bytes: Int64) async throws -> Bool {
        let run = try start()
        try await run.waitUntil { [self] _ in bytesServed >= bytes }
        return try await kill(run)
    }

    func kill(_ run: BinaryRun) async throws -> Bool {
        run.send(SIGKILL)
        let result = try await run.finish()
        if result.ending == .exited(0) { return false }
        #expect(result.ending == .killed(by: SIGKILL), "\(result.errors)")
        return true
    }

    /// Runs to the end; what is visible then is the model and nothing else.
    func complete() async throws {
        let last = try await start().finish()
        #expect(last.status == 0, "\(last.errors)")
        let path = "org--big/gguf/q4_k_m/m-Q4_K_M.gguf"
        #expect(try Digest.ofFile(home.volume().pushing(FilePath(path))) == content.sha256)
        #expect(try home.visibleFiles().sorted() == ["org--big/gguf/q4_k_m/manifest.json", path].sorted())
        // One who is killed right after publishing leaves a second name of the same bytes, until it is asked for again.
        #expect(
            try await home.run("pull", "org/big", environment: ["HF_TOKEN": StubHub.grantedToken]).status == 0
        )
        let partials = home.volume().pushing(".stackctl/partial")
        #expect(try !FileSystem.walk(partials).contains { $0.path.hasSuffix("/data") })
        #expect(try await home.run("verify").status == 0)
        #expect(!home.hub.tokenSeenAtCDN)
    }

    /// The most bytes that may be served by the end.
    func mostBytes(kills: Int) -> Int64 {
        content.size + content.size / 20 + Self.lostWithAKill * Int64(kills)
    }
}

/// Pulls that end in the middle, by a signal that cannot be caught and by those that can.
struct KillTests {
    private static let kills = Environment.process["STACKCTL_TEST_KILLS"].flatMap { Int($0) } ?? 6
    private static let killsInARound = 6

    @Test(arguments: 0..<(kills + killsInARound - 1) / killsInARound)
    func `killed again and again at any byte: the file is right, and little comes twice`(round: Int)
        async throws
    {
        let pull = try LargePull(mebibytes: 192)
        var numbers = SeededNumbers(seed: round)
        let kills = min(Self.killsInARound, Self.kills - round * Self.killsInARound)
        var killed = 0
        for _ in 0..<kills {
            // So far that all kills together reach about the end, and each one something to kill.
            let step = Int64.random(in: 0..<2 * pull.content.size / Int64(kills + 1), using: &numbers)
            let left = pull.content.size - 32 << 20 - pull.bytesServed
            guard try await pull.kill(atBytes: pull.bytesServed + max(0, min(step, left))) else { break }
            killed += 1
            #expect(try pull.home.visibleFiles().isEmpty)
        }
        // A machine that is very busy may be late with the last ones.
        #expect(killed > kills / 2)
        try await pull.complete()
        #expect(pull.bytesServed <= pull.mostBytes(kills: killed))
    }

    @Test func `killed while it starts: whatever it had begun, the next run is not misled`() async throws {
        let pull = try LargePull(mebibytes: 48)
        let moments = [0, 5, 10, 20, 40, 80].map { Duration.milliseconds($0) }
        for moment in moments {
            let run = try pull.start()
            try await Task.sleep(for: moment)
            #expect(try await pull.kill(run))
        }
        try await pull.complete()
        #expect(pull.bytesServed <= pull.mostBytes(kills: moments.count))
    }

    @Test(arguments: [0, 5, 10, 20, 40, 80, 160])
    func `killed while it verifies and publishes: there is a whole model or none`(milliseconds: Int)
        async throws
    {
        let pull = try LargePull(mebibytes: 24)
        let run = try pull.start()
        try await run.waitUntil { _ in pull.bytesServed >= pull.content.size }
        try await Task.sleep(for: .milliseconds(milliseconds))
        _ = try await pull.kill(run)
        let visible = try pull.home.visibleFiles()
        #expect(visible.isEmpty || visible.count == 2)
        try await pull.complete()
        #expect(pull.bytesServed <= pull.mostBytes(kills: 1))
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `asked to stop, it leaves within a second, and the next run fetches only what was missing`(
        signal: Int32
    ) async throws {
        let pull = try LargePull(mebibytes: 96)
        for megabytes in [1, 30, 60] {
            let run = try pull.start()
            try await run.waitUntil { _ in pull.bytesServed >= Int64(megabytes) * 1_000_000 }
            let asked = ContinuousClock.now
            run.send(signal)
            let result = try await run.finish()
            #expect(ContinuousClock.now - asked < .seconds(1))
            #expect(result.ending == .exited(130))
            #expect(result.output == "")
            #expect(result.errors.contains("what has arrived is kept"))
        }
        try await pull.complete()
        // Three times what was on its way over eight connections.
        #expect(pull.bytesServed <= pull.content.size + 3 * 8 * (1 << 20))
    }
}
