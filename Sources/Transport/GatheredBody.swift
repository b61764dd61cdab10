/// Bytes of a body that wait until there are enough of them to be handed on: libcurl brings them in small pieces.
struct GatheredBody: ~Copyable {
    /// How long bytes wait for more.
    private static let patience = Duration.milliseconds(250)

    private let buffer: UnsafeMutableRawBufferPointer
    private var count = 0
    private var since: ContinuousClock.Instant?

    init(capacity: Int) { buffer = .allocate(byteCount: capacity, alignment: 4096) }

    deinit { buffer.deallocate() }

    /// Adds bytes; hands on what has become enough.
    mutating func append(
        _ bytes: UnsafeRawBufferPointer,
        at now: ContinuousClock.Instant,
        _ body: (RawSpan) throws -> Void
    ) throws {
        if bytes.count > buffer.count - count { try handOn(body) }
        guard bytes.count <= buffer.count else { return try body(bytes.bytes) }
        if count == 0 { since = now }
        UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(from: bytes)
        count += bytes.count
        if count == buffer.count || hasWaited(at: now) { try handOn(body) }
    }

    /// Whether bytes wait for more for too long.
    func hasWaited(at now: ContinuousClock.Instant) -> Bool {
        guard count > 0, let since else { return false }
        return now - since > Self.patience
    }

    /// Hands on all that waits.
    mutating func handOn(_ body: (RawSpan) throws -> Void) throws {
        guard count > 0 else { return }
        let waiting = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        count = 0
        try body(waiting.bytes)
    }
}
