public import Platform
public import SystemPackage
import Transport

/// Makes remote files whole on the disk: in ranges over several connections, hashed on the way, taken up where an
/// earlier run stopped.
public struct TransferEngine: Sendable {
    /// When to wait, when to give up waiting, and how much at a time.
    var pacing: Pacing
    private let report: @Sendable (TransferEvent) -> Void

    /// Describes an engine that uses at most so many connections to an origin at once.
    ///
    /// - Parameters:
    ///   - connections: the most connections to an origin at a time.
    ///   - firstPause: how long to wait before a failed request is repeated; it doubles while no byte comes.
    ///   - rateLimit: the most bytes a second, all connections together.
    ///   - report: told what happens, on any thread.
    public init(
        connections: Int,
        firstPause: Duration = .milliseconds(500),
        rateLimit: ByteCount? = nil,
        report: @escaping @Sendable (TransferEvent) -> Void
    ) {
        pacing = Pacing(
            connections: max(1, connections),
            firstPause: firstPause,
            limit: rateLimit.map { RateLimit($0) }
        )
        self.report = report
    }

    /// Receives all files; answers in their order when each is whole, verified and synced.
    ///
    /// Throws `TransferError`, what `locate` throws, or `CancellationError`; what has arrived stays for the next run.
    public func receive(_ files: [RemoteFile]) async throws -> [ReceivedFile] {
        let lines = Lines(connections: pacing.connections)
        // The small ones first: they are done in a moment and are not left behind the large ones.
        let order = files.indices.sorted { files[$0].size < files[$1].size }
        var turns = [Int](repeating: 0, count: files.count)
        for (turn, index) in order.enumerated() { turns[index] = turn }
        let transfers = files.indices.map { index in
            FileTransfer(
                file: files[index],
                order: turns[index],
                lines: lines,
                pacing: pacing,
                report: report
            )
        }
        try await cancellableBlocking { checkCancellation in
            for transfer in transfers {
                try checkCancellation()
                try transfer.prepare()
            }
        }
        let isSmall = { (index: Int) in files[index].size.bytes <= Ledger.leastSpan }
        let (small, large) = (order.filter(isSmall), order.filter { !isSmall($0) })
        var received = [ReceivedFile?](repeating: nil, count: files.count)
        try await withThrowingTaskGroup(of: [(Int, ReceivedFile)].self) { group in
            // More small files than connections: while one is written and synced, another one comes.
            group.addTask { try await run(small.map { ($0, transfers[$0]) }, atOnce: 2 * pacing.connections) }
            group.addTask { try await run(large.map { ($0, transfers[$0]) }, atOnce: pacing.connections) }
            for try await lane in group {
                for (index, file) in lane { received[index] = file }
            }
        }
        return received.compactMap(\.self)
    }

    private func run(
        _ transfers: [(Int, FileTransfer)],
        atOnce most: Int
    ) async throws -> [(Int, ReceivedFile)] {
        var received: [(Int, ReceivedFile)] = []
        try await withThrowingTaskGroup(of: (Int, ReceivedFile).self) { group in
            for (number, (index, transfer)) in transfers.enumerated() {
                if number >= most, let file = try await group.next() { received.append(file) }
                group.addTask { (index, try await transfer.run()) }
            }
            for try await file in group { received.append(file) }
        }
        return received
    }

    /// Makes the next transfer into a directory begin anew.
    public static func forget(in directory: FilePath) throws(TransferError) {
        do throws(SystemError) { try Journal.remove(from: directory) } catch { throw .system(error) }
    }

    /// How many bytes have been received in the directory of a file.
    public static func received(in directory: FilePath) -> ByteCount {
        guard let status = try? FileSystem.status(FileTransfer.contentPath(directory)) else { return 0 }
        let journals = Journal.load(from: directory)
        if journals.contains(where: { $0.verified != nil }) { return status.size }
        return ByteCount(journals.reduce(into: RangeSet<Int64>()) { $0.formUnion($1.here) }.length)
    }
}

/// How a transfer deals with time and with what it shares.
struct Pacing: Sendable {
    /// The most connections to an origin.
    var connections: Int
    /// How long to wait before a failed request is repeated; it doubles while no byte comes.
    var firstPause: Duration
    /// How long a line may be silent before it counts as broken.
    var stallTimeout: Duration = .seconds(20)
    /// How long a connection may be far slower than the others before it is replaced.
    var slowAfter: Duration = .seconds(15)
    /// How long a server's quota is waited for: the hub's is renewed every five minutes.
    var longestHoldOff: Duration = .seconds(330)
    /// The budget of bytes that all connections share.
    var limit: RateLimit?
    /// How much is written at once: large pieces are cheap, and all connections together should not take much memory.
    var pieceSize: ByteCount { ByteCount((4 << 20) / Int64(max(connections, 8))) }
    /// How much is read from a line at once.
    var receiveBuffer: ByteCount { ByteCount((4 << 20) / Int64(max(connections, 8))) }
    /// How far all requests together may run ahead of the hash, which should find in memory what it reads.
    var readAhead: Int64 = min(max(Machine.memory.bytes / 4, 512 << 20), 2 << 30)
}
