import Platform

/// An answer whose body is taken piece by piece, at the receiver's pace: what is not taken stays with the server.
public final class HTTPStream: Sendable {
    private struct State {
        var head: HTTPHead?
        var waiting: [UInt8] = []
        var end: Result<Void, TransportError>?
    }

    /// How much may wait to be taken before the line is left to fill up.
    private static let mostWaiting = 1 << 20

    /// Status and header fields.
    public let head: HTTPHead
    private let state: Monitor<State>
    private let exchange: Task<Void, Never>

    private init(head: HTTPHead, state: Monitor<State>, exchange: Task<Void, Never>) {
        self.head = head
        self.state = state
        self.exchange = exchange
    }

    deinit { exchange.cancel() }

    /// Makes a request and waits for the head of the answer.
    public static func open(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
        let state = Monitor(State())
        var request = request
        request.hasRoom = { state.access { $0.waiting.count < mostWaiting } }
        let exchange = Task { [request] in
            let end: Result<Void, TransportError>
            do throws(TransportError) {
                _ = try await HTTPClient.shared.stream(request) { head in
                    state.update { $0.head = head }
                } onBody: { bytes in
                    let piece = bytes.withUnsafeBytes { Array($0) }
                    state.update { $0.waiting += piece }
                }
                end = .success(())
            } catch { end = .failure(error) }
            state.update { $0.end = end }
        }
        do {
            let head = try await state.when { state -> Result<HTTPHead, TransportError>? in
                if let head = state.head { return .success(head) }
                guard case .failure(let error) = state.end else { return nil }
                return .failure(error)
            }
            return HTTPStream(head: try head.get(), state: state, exchange: exchange)
        } catch {
            exchange.cancel()
            throw error as? TransportError ?? .cancelled
        }
    }

    /// The next piece of the body; `nil` at its end.
    public func next() async throws(TransportError) -> [UInt8]? {
        do {
            let piece = try await state.when { state -> Result<[UInt8]?, TransportError>? in
                if !state.waiting.isEmpty {
                    // What has gathered goes together: a slow receiver should not be slowed down by small pieces.
                    defer { state.waiting = [] }
                    return .success(state.waiting)
                }
                return state.end.map { $0.map { nil } }
            }
            return try piece.get()
        } catch {
            exchange.cancel()
            throw error as? TransportError ?? .cancelled
        }
    }
}
