import Platform
import Synchronization
import SystemPackage
import TestSupport

@testable import Transfer

/// A file of a stub hub on its way into a folder, and all that the engine told of it.
final class Delivery: Sendable {
    let hub: StubHub
    let content: StubContent
    let path: String
    let folder: TemporaryDirectory
    private let told = Mutex<[TransferEvent]>([])
    private let located = Mutex(0)

    init(_ content: StubContent, as path: String = "model.gguf", faults: [StubFault] = []) throws {
        self.content = content
        self.path = path
        hub = try StubHub([StubRepository("org/model", files: [path: content])])
        folder = try TemporaryDirectory()
        for fault in faults { hub.inject(fault) }
    }

    // MARK: What is asked for

    /// The file as the hub declares it, at a newly signed address each time it is located.
    var file: RemoteFile {
        RemoteFile(name: path, directory: folder.path, parts: [part])
    }

    var part: RemotePart {
        RemotePart(size: ByteCount(content.size), content: .sha256(content.sha256)) { [self] in
            try await locate()
        }
    }

    func locate() async throws -> RemoteAddress {
        located.withLock { $0 += 1 }
        let url = "\(hub.endpoint)/org/model/resolve/main/\(path)"
        let answer = try await blocking { try RawHTTP.request("HEAD", url) }
        return RemoteAddress(url: answer.headers["location"] ?? url, headers: [])
    }

    func engine(
        connections: Int = 4,
        firstPause: Duration = .milliseconds(2),
        rateLimit: ByteCount? = nil
    ) -> TransferEngine {
        var engine = TransferEngine(connections: connections, firstPause: firstPause, rateLimit: rateLimit) {
            [self] event in
            told.withLock { $0.append(event) }
        }
        // However busy this machine is, a request asks for the same.
        engine.pacing.readAhead = Int64(2 * connections) * Ledger.leastSpan
        return engine
    }

    @discardableResult
    func receive() async throws -> ReceivedFile {
        try await engine().receive([file])[0]
    }

    /// Why the file could not be received; `nil` if it could.
    func failure() async throws -> TransferError? {
        do { try await receive() } catch let error as TransferError { return error }
        return nil
    }

    // MARK: What an earlier run left

    var data: FilePath { folder.appending("data") }
    var journal: FilePath { folder.appending("journal.json") }

    /// Bytes from the first on, with a journal that says so.
    func leave(_ bytes: [UInt8]) throws {
        try folder.write(bytes, to: "data")
        var journal = Journal(file)
        journal.here = RangeSet(0..<min(Int64(bytes.count), content.size))
        try journal.save(in: folder.path, durably: true)
    }

    func leave(first count: Int) throws { try leave(content.read(at: 0, count: count)) }

    /// These runs of the right bytes, with a journal that says so.
    func leave(_ runs: [Range<Int64>]) throws {
        let file = try File(data, .update)
        for run in runs {
            try file.write(
                content.read(at: run.lowerBound, count: Int(run.upperBound - run.lowerBound)),
                at: run.lowerBound
            )
        }
        var journal = Journal(self.file)
        journal.here = RangeSet(runs)
        try journal.save(in: folder.path, durably: true)
    }

    // MARK: What came of it

    var received: [UInt8] { get throws { try FileSystem.read(data) } }

    var isRight: Bool { get throws { try Digest.ofFile(data) == content.sha256 } }

    var events: [TransferEvent] { told.withLock { $0 } }

    var timesLocated: Int { located.withLock { $0 } }

    /// What the ranges of the requests to the CDN say, in the order they came.
    var ranges: [String] { hub.requests(.cdn).map { $0.request.headers["range"] ?? "none" } }

    /// The places of the file that the requests to the CDN asked for.
    var asked: [Range<Int64>] {
        ranges.compactMap { range in
            let ends = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int64($0) }
            return ends.count == 2 ? ends[0]..<ends[1] + 1 : nil
        }
    }

    /// Waits until so many bytes are in the folder; `false` if they are not in time.
    func waitForData(_ count: Int64) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(30)
        while try FileSystem.status(data)?.size.bytes ?? 0 < count {
            guard ContinuousClock.now < end else { return false }
            try await Task.sleep(for: .milliseconds(2))
        }
        return true
    }
}

extension [TransferEvent] {
    var reasonsToRetry: [String] {
        compactMap { if case .retrying(_, let reason, _) = $0 { reason } else { nil } }
    }

    var holdOffs: Int { count { if case .heldOff = $0 { true } else { false } } }

    var pauses: [Duration] {
        compactMap { if case .retrying(_, _, let pause) = $0 { pause } else { nil } }
    }

    /// The numbers of bytes that were said to be here.
    var counts: [Int64] {
        compactMap { if case .received(_, let bytes, _) = $0 { bytes.bytes } else { nil } }
    }

    var resumedFrom: [Int64] {
        compactMap { if case .resuming(_, let from) = $0 { from.bytes } else { nil } }
    }

    var refetchings: Int { count { if case .refetching = $0 { true } else { false } } }

    var finished: [String] { compactMap { if case .finished(let file) = $0 { file } else { nil } } }
}
