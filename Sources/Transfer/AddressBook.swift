import Platform

/// The address of a part: found out once for all that fetch from it, used until it expires.
final class AddressBook: Sendable {
    /// An address, and which of those that were known one after the other it is.
    struct Entry: Sendable {
        let address: RemoteAddress
        let edition: Int
    }

    private struct State {
        var known: RemoteAddress?
        var edition = 0
        var isLocating = false
        var hasServedRanges = false
        var etag: String?
    }

    private let locate: @Sendable () async throws -> RemoteAddress
    private let state: Monitor<State>

    init(_ part: RemotePart) {
        locate = part.locate
        state = Monitor(State(known: part.address))
    }

    /// The address to use now; one of those who ask finds it out, the others wait.
    func current() async throws -> (entry: Entry, latency: Duration?) {
        let known = try await state.when { state -> Entry?? in
            if let address = state.known { return Entry(address: address, edition: state.edition) }
            guard !state.isLocating else { return nil }
            state.isLocating = true
            return .some(nil)
        }
        if let known { return (known, nil) }
        let began = ContinuousClock.now
        do {
            let address = try await locate()
            return (settle(address), .now - began)
        } catch {
            state.update { $0.isLocating = false }
            throw error
        }
    }

    private func settle(_ address: RemoteAddress) -> Entry {
        state.update { state in
            state.known = address
            state.isLocating = false
            return Entry(address: address, edition: state.edition)
        }
    }

    /// Keeps where an address of this edition has led.
    func follow(_ entry: Entry, to address: RemoteAddress) -> Entry {
        state.update { state in
            if state.edition == entry.edition { state.known = address }
            return Entry(address: address, edition: entry.edition)
        }
    }

    /// Forgets an address that is no longer good, unless another one has taken its place.
    func expire(_ entry: Entry) {
        state.update { state in
            guard state.edition == entry.edition else { return }
            state.known = nil
            state.etag = nil
            state.edition += 1
        }
    }

    // MARK: What the server has shown

    /// Whether it has answered with a range before.
    var hasServedRanges: Bool { state.access { $0.hasServedRanges } }

    /// Notes an answer with a range; whether it is of the same content as the others of this edition.
    func accepts(etag: String?, of entry: Entry) -> Bool {
        state.access { state in
            state.hasServedRanges = true
            guard let etag, !etag.hasPrefix("W/"), state.edition == entry.edition else { return true }
            defer { state.etag = state.etag ?? etag }
            return state.etag == nil || state.etag == etag
        }
    }
}
