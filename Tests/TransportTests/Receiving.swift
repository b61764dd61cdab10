import Platform
import Synchronization
import Testing
import Transport

/// What came of an exchange, noted on the client's thread.
final class Log: Sendable {
    private let state = Mutex((notes: [String](), bytes: [UInt8](), pieces: 0))

    func note(_ text: String) { state.withLock { $0.notes.append(text) } }

    func append(_ bytes: borrowing RawSpan) {
        let piece = bytes.withUnsafeBytes { Array($0) }
        state.withLock { state in
            state.bytes += piece
            state.pieces += 1
        }
    }

    var notes: [String] { state.withLock { $0.notes } }
    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var pieces: Int { state.withLock { $0.pieces } }
}

/// Why an exchange failed; fails the test if it did not.
func transportError<Answer>(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ exchange: () async throws -> Answer
) async -> TransportError? {
    do {
        _ = try await exchange()
        Issue.record("the exchange succeeded", sourceLocation: sourceLocation)
    } catch let error as TransportError {
        return error
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return nil
}
