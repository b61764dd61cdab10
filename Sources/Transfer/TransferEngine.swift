public import Platform

/// Makes remote files whole on the disk: in ranges, hashed on the way, taken up where an earlier run stopped.
public struct TransferEngine: Sendable {
    private let connections: Int
    /// When to wait and when to give up waiting.
    var pacing: Pacing
    private let report: @Sendable (TransferEvent) -> Void

    /// Describes an engine that uses at most so many connections at once.
    ///
    /// - Parameters:
    ///   - connections: the most connections at a time.
    ///   - firstPause: how long to wait before a failed request is repeated; it doubles while no byte comes.
    ///   - rateLimit: the most bytes a second, all connections together.
    ///   - report: told what happens, on any thread.
    public init(
        connections: Int,
        firstPause: Duration = .milliseconds(500),
        rateLimit: ByteCount? = nil,
        report: @escaping @Sendable (TransferEvent) -> Void
    ) {
        self.connections = max(1, connections)
        pacing = Pacing(firstPause: firstPause, limit: rateLimit.map { RateLimit($0) })
        self.report = report
    }

    /// Receives all files; answers in their order when each is whole, verified and synced.
    ///
    /// Throws `TransferError`, what `locate` throws, or `CancellationError`; what has arrived stays for the next run.
    public func receive(_ files: [RemoteFile]) async throws -> [ReceivedFile] {
        // The small ones first: they are done in a moment and are not left behind the large ones.
        var waiting = Array(files.enumerated().sorted { $0.element.size < $1.element.size }.reversed())
        var received = [ReceivedFile?](repeating: nil, count: files.count)
        try await withThrowingTaskGroup(of: (Int, ReceivedFile).self) { group in
            var running = 0
            while running > 0 || !waiting.isEmpty {
                while running < connections, let (index, file) = waiting.popLast() {
                    group.addTask {
                        (index, try await FileTransfer(file: file, pacing: pacing, report: report).run())
                    }
                    running += 1
                }
                if let (index, file) = try await group.next() {
                    received[index] = file
                    running -= 1
                }
            }
        }
        return received.compactMap(\.self)
    }
}

/// How a transfer deals with time.
struct Pacing: Sendable {
    /// How long to wait before a failed request is repeated; it doubles while no byte comes.
    var firstPause: Duration
    /// How long a line may be silent before it counts as broken.
    var stallTimeout: Duration = .seconds(20)
    /// The budget that all connections share.
    var limit: RateLimit?
}
