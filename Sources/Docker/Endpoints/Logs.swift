import Platform
import Transport

/// Which part of a container's log is wanted.
public struct LogSelection: Sendable {
    /// Whether to wait for more until the container ends.
    public var follows: Bool
    /// How many of the last lines; all if `nil`.
    public var tail: Int?
    /// Nothing from before this moment.
    public var since: EngineTime?
    /// Nothing from after this moment.
    public var until: EngineTime?
    /// Whether each line begins with its time.
    public var hasTimestamps: Bool

    /// All that there is, or a part of it.
    public init(
        follows: Bool = false,
        tail: Int? = nil,
        since: EngineTime? = nil,
        until: EngineTime? = nil,
        hasTimestamps: Bool = false
    ) {
        self.follows = follows
        self.tail = tail
        self.since = since
        self.until = until
        self.hasTimestamps = hasTimestamps
    }
}

extension DockerClient {
    /// What a container has written.
    ///
    /// Maps to `GET /containers/{name}/logs`.
    public func logs(of container: Container, _ selection: LogSelection = LogSelection())
        async throws(DockerError) -> ContainerOutput
    {
        let stream = try await line.open(
            Question(
                .get,
                containerPath(container.id, "/logs"),
                subject: "container \(container.name)",
                query: [
                    ("stdout", "1"), ("stderr", "1"), ("follow", selection.follows ? "1" : nil),
                    ("tail", selection.tail.map { String($0) }), ("since", selection.since?.description),
                    ("until", selection.until?.description),
                    ("timestamps", selection.hasTimestamps ? "1" : nil),
                ],
                patience: selection.follows ? .unlimited : nil
            )
        )
        return ContainerOutput(isTerminal: container.configuration.hasTerminal, line.reader(of: stream))
    }
}

extension EngineLine {
    /// Reads a stream; what goes wrong there is the engine's doing.
    func reader(of stream: HTTPStream) -> @Sendable () async throws(DockerError) -> [UInt8]? {
        { [self] () async throws(DockerError) -> [UInt8]? in
            do throws(TransportError) { return try await stream.next() } catch {
                throw await meaning(of: error)
            }
        }
    }
}
