import Platform
import SystemPackage

/// Keeps the journals of a file up to date while it is fetched.
struct JournalKeeper: Sendable {
    /// After so many new bytes what is here is written down for the case that the process is killed.
    private static let recentStep: Int64 = 4 << 20
    /// After so many new bytes they are synced and written down for the case of a power cut; what comes while that takes
    /// its time is not held up.
    private static let durableStep: Int64 = 32 << 20

    let file: RemoteFile
    let content: File
    let ledger: Monitor<Ledger>

    /// Works until all bytes are here.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keepRecent() }
            group.addTask { try await keepDurable() }
            for try await _ in group {}
        }
    }

    /// Writes down what is here, at once.
    func note() throws(SystemError) {
        try journal(ledger.access { $0.here }).saveRecent(in: file.directory)
    }

    private func keepRecent() async throws {
        try await onGrowth(of: Self.recentStep) { here in
            try await blocking { try journal(here).saveRecent(in: file.directory) }
        }
    }

    private func keepDurable() async throws {
        try await onGrowth(of: Self.durableStep) { here in
            // A disk may take long for this, and whoever stops the transfer should not wait for it.
            try await abandonableBlocking {
                try content.synchronize()
                try journal(here).save(in: file.directory, durably: true)
            }
        }
    }

    /// Calls `body` with what is here, each time that so many bytes have come, until all are here.
    private func onGrowth(of step: Int64, _ body: (RangeSet<Int64>) async throws -> Void) async throws {
        var last = ledger.access { $0.received }
        while true {
            let before = last
            let here = try await ledger.when { ledger -> RangeSet<Int64>?? in
                if ledger.isComplete { return .some(nil) }
                return ledger.received - before >= step ? .some(ledger.here) : nil
            }
            guard let here else { return }
            last = here.length
            try await body(here)
        }
    }

    private func journal(_ here: RangeSet<Int64>) -> Journal {
        var journal = Journal(file)
        journal.here = here
        return journal
    }
}
