import NIOPosix

/// The threads on which a mirror waits for the disk: its own, so that no other work holds up a client.
struct DiskThreads: Sendable {
    private let pool: NIOThreadPool

    /// Starts as many threads as disks are good at serving at once.
    init() {
        pool = NIOThreadPool(numberOfThreads: 16)
        pool.start()
    }

    func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await pool.runIfActive(work)
    }

    /// Lets the threads go once they have done what they are at.
    func stop() { pool.shutdownGracefully { _ in } }
}
