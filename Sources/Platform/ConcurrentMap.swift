import Dispatch
import Synchronization

extension Array where Element: Sendable {
    /// Maps all elements, in their order, on all cores; for work that is worth it: some hundred elements or more.
    public func concurrentMap<Result: Sendable>(_ transform: @Sendable (Element) -> Result) -> [Result] {
        // Short runs, so that a core that was held up does not hold up the end.
        let length = Swift.max(16, count / 64)
        let runs = (count + length - 1) / length
        let results = Mutex([[Result]](repeating: [], count: runs))
        DispatchQueue.concurrentPerform(iterations: runs) { run in
            let part = self[run * length..<Swift.min((run + 1) * length, count)].map(transform)
            results.withLock { $0[run] = part }
        }
        return results.withLock { $0.flatMap(\.self) }
    }
}

/// Runs `body` so many times at once, each on a thread of its own if there are the cores for it, and waits for all.
public func concurrently(_ count: Int, _ body: @Sendable (_ worker: Int) -> Void) {
    DispatchQueue.concurrentPerform(iterations: count, execute: body)
}
