import Synchronization
import Transport

/// What a process in a container writes, as it comes.
///
/// It can be gone through once.
public final class ContainerOutput: AsyncSequence, AsyncIteratorProtocol, Sendable {
    /// What comes next.
    public typealias Element = OutputPiece
    /// What ends it early.
    public typealias Failure = DockerError

    private struct State {
        /// `nil` where a terminal has made one of the two outputs.
        var frames: FrameReader?
        var waiting: [OutputPiece] = []
        /// What comes when nothing waits any more.
        var end: Result<Void, DockerError>?
    }

    private let state: Mutex<State>
    private let read: @Sendable () async throws(DockerError) -> [UInt8]?

    init(isTerminal: Bool, _ read: @escaping @Sendable () async throws(DockerError) -> [UInt8]?) {
        state = Mutex(State(frames: isTerminal ? nil : FrameReader()))
        self.read = read
    }

    /// The next piece; `nil` when all was written.
    public func next() async throws(DockerError) -> OutputPiece? {
        while true {
            if let piece = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) {
                return piece
            }
            if let end = state.withLock({ $0.end }) {
                try end.get()
                return nil
            }
            take(try await read())
        }
    }

    /// Takes the next bytes; `nil` is the end.
    private func take(_ bytes: [UInt8]?) {
        state.withLock { state in
            do throws(DockerError) {
                guard let bytes else {
                    try state.frames?.finish()
                    state.end = .success(())
                    return
                }
                if state.frames == nil {
                    state.waiting.append(OutputPiece(.output, bytes))
                } else {
                    try state.frames?.feed(bytes, to: &state.waiting)
                }
            } catch { state.end = .failure(error) }
        }
    }

    /// The next piece, wherever it is asked for.
    public func next(isolation actor: isolated (any Actor)?) async throws(DockerError) -> OutputPiece? {
        try await next()
    }

    /// Itself.
    public func makeAsyncIterator() -> ContainerOutput { self }
}
