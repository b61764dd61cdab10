import Synchronization

/// Lets one side of a test wait for the other.
final class Signal: Sendable {
    private let state = Mutex(0)

    func give() { state.withLock { $0 += 1 } }

    var count: Int { state.withLock { $0 } }

    func wait() async throws { while count == 0 { try await Task.sleep(for: .milliseconds(2)) } }
}
