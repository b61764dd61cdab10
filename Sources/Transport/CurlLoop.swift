import CCurl
import Glibc
import Synchronization

/// The one thread on which libcurl runs all exchanges of the process.
final class CurlLoop: Sendable {
    private struct Inbox {
        var added: [CurlExchange] = []
        var hasStarted = false
    }

    private let inbox = Mutex(Inbox())
    /// libcurl's multi handle: its functions are called by the loop's thread alone, but for the wake-up.
    private nonisolated(unsafe) let multi: UnsafeMutableRawPointer

    init() {
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        guard let multi = curl_multi_init() else {
            preconditionFailure("libcurl has no memory for a multi handle")
        }
        self.multi = multi
        // Every connection its own TCP stream: speed comes from streams in parallel.
        curl_shim_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        curl_shim_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 64)
    }

    /// Starts an exchange; its completion is called once, on the loop's thread.
    func add(_ exchange: CurlExchange) {
        let isFirst = inbox.withLock { inbox in
            inbox.added.append(exchange)
            defer { inbox.hasStarted = true }
            return !inbox.hasStarted
        }
        if isFirst { startThread() }
        curl_multi_wakeup(multi)
    }

    /// Ends an exchange soon, also one that is yet to be added.
    func cancel(_ exchange: CurlExchange) {
        exchange.isCancelled.store(true, ordering: .releasing)
        curl_multi_wakeup(multi)
    }

    private func startThread() {
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self).toOpaque()
        let code = pthread_create(
            &thread,
            nil,
            { this in
                guard let this else { return nil }
                Unmanaged<CurlLoop>.fromOpaque(this).takeRetainedValue().run()
                return nil
            },
            this
        )
        guard code == 0 else { preconditionFailure("no thread for the network: error \(code)") }
        pthread_detach(thread)
    }

    private func run() {
        // A signal meant for the process must not be taken here, in the middle of libcurl.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        var running: [UnsafeMutableRawPointer: CurlExchange] = [:]
        while true {
            for exchange in inbox.withLock({ inbox in
                defer { inbox.added = [] }
                return inbox.added
            }) {
                guard !exchange.isCancelled.load(ordering: .acquiring) else {
                    exchange.finish(nil, .cancelled)
                    continue
                }
                exchange.begin()
                running[exchange.raw] = exchange
                curl_multi_add_handle(multi, exchange.raw)
            }
            resumePaused(running.values)
            // Before the receivers run: what they take on this thread is no silence of the others' lines.
            let now = ContinuousClock.now
            var active: Int32 = 0
            curl_multi_perform(multi, &active)
            collectFinished(&running)
            endStalledAndCancelled(&running, at: now)
            curl_multi_poll(multi, nil, 0, patience(running.values), nil)
        }
    }

    /// Lets those read on whose time has come: whoever has waited longest first, or some would never come to it.
    private func resumePaused(_ running: some Collection<CurlExchange>) {
        let paused = running.compactMap { exchange in exchange.waitsSince.map { (exchange, $0) } }
        for (exchange, _) in paused.sorted(by: { $0.1 < $1.1 }) { exchange.resumeIfDue(at: .now) }
    }

    /// How long to wait for something to happen, in milliseconds.
    private func patience(_ running: some Collection<CurlExchange>) -> Int32 {
        guard !running.isEmpty else { return 60_000 }
        guard let next = running.lazy.compactMap(\.pausedUntil).min() else { return 500 }
        let rest = (next - .now) / .milliseconds(1)
        return Int32(min(max(rest.rounded(.up), 0), 500))
    }

    private func collectFinished(_ running: inout [UnsafeMutableRawPointer: CurlExchange]) {
        var rest: Int32 = 0
        while let message = curl_multi_info_read(multi, &rest) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let exchange = running.removeValue(forKey: handle)
            else { continue }
            let code = message.pointee.data.result
            curl_multi_remove_handle(multi, handle)
            exchange.finish(code, exchange.isCancelled.load(ordering: .acquiring) ? .cancelled : nil)
        }
    }

    private func endStalledAndCancelled(
        _ running: inout [UnsafeMutableRawPointer: CurlExchange],
        at now: ContinuousClock.Instant
    ) {
        for (handle, exchange) in running {
            let reason: TransportError? =
                exchange.isCancelled.load(ordering: .acquiring)
                ? .cancelled : exchange.isStalled(at: now) ? .timedOut : nil
            guard reason != nil || !exchange.handOnIfDue(at: now) else { continue }
            running[handle] = nil
            curl_multi_remove_handle(multi, handle)
            exchange.finish(nil, reason)
        }
    }
}
