import Platform

/// Why a request did not bring its bytes, and what that asks for.
enum Setback: Error {
    /// The same request may work after a pause.
    case passing(reason: String, wait: Duration? = nil, cause: (any Error)? = nil)
    /// The server's quota of requests is used up for so long.
    case heldOff(host: String, Duration)
    /// Another address may be better; the last resort if none is.
    case stale(reason: String, TransferError)
    /// The server sends the whole content in answer to a range.
    case ignoresRanges
    /// Nothing will help.
    case final(any Error)
}

/// How many more tries a run of bytes gets.
struct Patience {
    /// So many tries in a row without one new byte are enough.
    private static let most = 8
    /// So many addresses in a row that are refused are enough.
    private static let mostAddresses = 3

    let file: String
    let firstPause: Duration
    private var failures = 0
    private var addresses = 0

    init(file: String, firstPause: Duration) { (self.file, self.firstPause) = (file, firstPause) }

    /// How long to wait before the next try, and why; throws if there is none.
    mutating func pause(after setback: Setback, hasProgressed: Bool) throws -> (
        reason: String, pause: Duration
    ) {
        if hasProgressed { (failures, addresses) = (0, 0) }
        // An address expires also while the line is down: the one does not count for the other.
        if case .stale = setback { addresses += 1 } else { failures += 1 }
        let growing =
            min(firstPause * (1 << min(max(failures, addresses) - 1, 10)), .seconds(30))
            * Double.random(in: 0.75...1.25)
        switch setback {
        case .final(let error): throw error
        case .ignoresRanges:
            guard failures <= 2 else { throw setback }
            return ("the whole content came in place of a range", growing)
        case .stale(let reason, let last):
            // One new address comes at once; if those that follow are no better, the server means it.
            guard addresses <= Self.mostAddresses else { throw last }
            return (reason, addresses == 1 ? .zero : growing)
        case .heldOff(let host, let wait):
            guard failures < Self.most else {
                throw TransferError.heldOff(host: host, seconds: Int(wait.components.seconds) + 1)
            }
            return ("the quota of requests is used up", wait)
        case .passing(let reason, let wait, let cause):
            guard failures < Self.most else {
                throw cause ?? TransferError.gaveUp(file: file, reason: reason)
            }
            return (reason, max(growing, wait ?? .zero))
        }
    }
}
