import Synchronization

/// The address of a part, found out once and used for all its ranges until it expires.
final class AddressBook: Sendable {
    private let locate: @Sendable () async throws -> RemoteAddress
    private let known = Mutex<RemoteAddress?>(nil)

    init(_ part: RemotePart) { locate = part.locate }

    /// The address to use now.
    func current() async throws -> RemoteAddress {
        if let address = known.withLock({ $0 }) { return address }
        let address = try await locate()
        known.withLock { $0 = address }
        return address
    }

    /// Forgets an address that is no longer good.
    func expire() { known.withLock { $0 = nil } }
}
