@preconcurrency import Dispatch
import Glibc

/// A value for each time that a signal comes, the first one at once; the signal is as before once nobody listens.
///
/// Signals that come while nobody looks count as one.
public func arrivals(of number: Int32) -> AsyncStream<Void> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
        let listener = SignalListener(number) { continuation.yield() }
        continuation.onTermination = { _ in listener.stop() }
    }
}

/// The number of the signal that says that the terminal has another size.
public let windowChange = SIGWINCH

private final class SignalListener: Sendable {
    /// Its functions may be called by any thread.
    private nonisolated(unsafe) let source: any DispatchSourceSignal

    init(_ number: Int32, _ body: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeSignalSource(signal: number, queue: DispatchQueue(label: "signal"))
        source.setEventHandler(handler: body)
        // A signal that comes before this would be lost: whoever listens takes the first look only then.
        source.setRegistrationHandler(handler: body)
        source.resume()
    }

    func stop() { source.cancel() }
}
