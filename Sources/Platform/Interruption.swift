import Dispatch
import Glibc

/// Runs `body`; the first SIGINT or SIGTERM cancels it, the second one kills the process.
public func cancellingOnSignals<Success: Sendable>(
    _ body: @escaping @Sendable () async throws -> Success
) async throws -> Success {
    let work = Task { try await body() }
    let sources = [SIGINT, SIGTERM].map { number in
        // Ignored, or the default action would win the race against the source.
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: DispatchQueue(label: "signals"))
        source.setEventHandler {
            if work.isCancelled {
                signal(number, SIG_DFL)
                raise(number)
            } else {
                work.cancel()
            }
        }
        source.resume()
        return source
    }
    defer { for source in sources { source.cancel() } }
    return try await work.value
}
