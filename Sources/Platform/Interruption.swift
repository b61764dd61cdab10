import Dispatch
import Glibc

/// Runs `body`; the first SIGINT, SIGTERM or SIGHUP cancels it, the second one kills the process.
///
/// A signal that the caller has chosen to ignore, as `nohup` does, stays ignored.
public func cancellingOnSignals<Success: Sendable>(
    _ body: @escaping @Sendable () async throws -> Success
) async throws -> Success {
    let work = Task { try await body() }
    let sources = [SIGINT, SIGTERM, SIGHUP].filter { !isIgnored($0) }.map { number in
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

private func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    // SIG_IGN is the address 1, and functions cannot be compared.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
}
