import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Transfer

/// A scenario that is played.
final class FaultPlay: Sendable {
    /// What the kernel holds of an answer that is broken off: what was sent and not yet read, on both sides.
    private static let pipe: Int64 = 2 << 20
    static let connections = 4

    let scenario: FaultScenario
    let hub: StubHub
    let folder: TemporaryDirectory
    private let located = Mutex(0)
    private struct NoAddress: Error {}

    init(_ scenario: FaultScenario) throws {
        self.scenario = scenario
        var settings = StubHub.Settings()
        settings.usesCDN = scenario.origin == .cdn
        settings.sendBuffer = 128 << 10
        hub = try StubHub([StubRepository("org/model", files: scenario.contents)], settings: settings)
        folder = try TemporaryDirectory()
        for fault in scenario.faults { hub.inject(fault) }
    }

    var files: [RemoteFile] {
        get throws {
            try scenario.contents.sorted { $0.key < $1.key }.map { path, content in
                let directory = folder.appending(path)
                try FileSystem.createDirectory(directory)
                let part = RemotePart(size: ByteCount(content.size), content: .sha256(content.sha256)) {
                    [self] in
                    try await locate(path)
                }
                return RemoteFile(name: path, directory: directory, parts: [part])
            }
        }
    }

    private func locate(_ path: String) async throws -> RemoteAddress {
        located.withLock { $0 += 1 }
        let url = "\(hub.endpoint)/org/model/resolve/main/\(path)"
        let answer = try await RawHTTP.ask("HEAD", url)
        let signed = answer.headers["location"]
        guard answer.isComplete, answer.status == 200 || answer.status == 302 && signed != nil else {
            guard scenario.mayLocateLater else { throw NoAddress() }
            throw AddressUnavailable(reason: "the hub answers \(answer.status)", cause: NoAddress())
        }
        if let signed { return RemoteAddress(url: signed, headers: []) }
        let token = [("Authorization", "Bearer \(StubHub.grantedToken)")]
        return RemoteAddress(url: url, headers: token)
    }

    var engine: TransferEngine {
        var engine = TransferEngine(connections: Self.connections, firstPause: .milliseconds(2)) { _ in }
        engine.pacing.stallTimeout = .milliseconds(600)
        // However busy this machine is, a request asks for the same.
        engine.pacing.readAhead = Int64(2 * Self.connections) * Ledger.leastSpan
        return engine
    }

    /// Receives the files; how it ended, and nothing that is not whole may be called received.
    func run(_ other: TransferEngine? = nil) async throws -> FaultOutcome {
        let engine = other ?? engine
        do {
            let files = try files
            let received = try await finishing(within: .seconds(60)) { try await engine.receive(files) }
            for (file, whole) in zip(files, received) {
                let content = try #require(scenario.contents[file.name])
                #expect(whole.sha256 == content.sha256)
                #expect(try FileSystem.status(whole.content)?.size == ByteCount(content.size))
                #expect(try Digest.ofFile(whole.content) == content.sha256)
            }
            return .whole
        } catch let error as TransferError {
            switch error {
            case .refused: return .refused
            case .gaveUp: return .gaveUp
            case .wrongHash: return .wrongHash
            case .wrongSize: return .wrongSize
            case .changed: return .changed
            case .notTheFile: return .notTheFile
            default: throw error
            }
        } catch is NoAddress { return .noAddress }
    }

    /// What the faults did so far.
    func toll() -> FaultToll {
        let faults = scenario.faults
        let answers = hub.requests().filter { $0.request.method == "GET" }
        return FaultToll(
            faults: faults,
            mayLocateLater: scenario.mayLocateLater,
            taken: zip(faults, hub.faults).map { $0.times - $1.times },
            hasWholeAnswer: answers.contains { $0.status == 200 }
        )
    }

    var bytesServed: Int64 { hub.bytesServed(.cdn) + hub.bytesServed(.hub) }
    var timesLocated: Int { located.withLock { $0 } }
    var timesAsked: Int { hub.requests().count { $0.request.method == "GET" } }

    /// What may be lost when the answers of so many connections are broken off.
    func onTheWay(connections: Int) -> Int64 { Self.pipe * Int64(connections) }

    /// The most bytes that may have been served: everything once, everything again for each wrong content that no run
    /// can tell from the right one before its end, and what was on its way when an answer was broken off: by a fault,
    /// or because the run failed for another reason.
    func mostBytes(_ toll: FaultToll, failedRuns: Int) -> Int64 {
        let brokenOff = toll.taken.reduce(0, +) + failedRuns * Self.connections
        return scenario.size * Int64(1 + 2 * toll.deceptions) + onTheWay(connections: brokenOff)
    }
}

/// How often each fault befell a request.
struct FaultToll {
    let faults: [StubFault]
    let mayLocateLater: Bool
    let taken: [Int]
    /// Whether a request was answered with a whole file, asked for or not.
    let hasWholeAnswer: Bool

    var deceptions: Int { zip(faults, taken).count { $0.deceives && $1 > 0 } }

    /// How a run may end.
    ///
    /// Faults of one family add up; what two of them make of one request is known to neither.
    var outcomes: Set<FaultOutcome> {
        let each = zip(faults, taken).map { fault, taken in
            guard taken > 0 else { return Set([FaultOutcome.whole]) }
            // Patience is for whatever fails.
            let family = zip(faults, self.taken).filter { other, _ in
                other.family == fault.family || fault.family == [.gaveUp] && !other.family.isEmpty
            }
            let sum = family.reduce(0) { $0 + $1.1 }
            return fault.outcomes(taken: sum, mayLocateLater: mayLocateLater)
        }
        let none: Set<FaultOutcome> = each.count > 1 ? [.whole] : []
        let all = each.reduce(none) { $0.union($1) }.union(ofShortWholes)
        return faults.count == 1 && taken[0] > 0 && faults[0].isHopeless ? all.subtracting([.whole]) : all
    }

    /// A whole answer that is shorter than it should be is another file.
    private var ofShortWholes: Set<FaultOutcome> {
        let isShort = zip(faults, taken).contains { FaultName($0.kind) == .shortBody && $1 > 0 }
        return isShort && hasWholeAnswer ? [.wrongSize] : []
    }
}

extension StubFault {
    /// How it ends when it befalls every request.
    fileprivate var family: Set<FaultOutcome> {
        outcomes(taken: .max, mayLocateLater: false).subtracting([.whole])
    }
}
