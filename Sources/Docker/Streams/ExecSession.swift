import Transport

/// The connection to a command that runs in a container.
///
/// One task may send while another goes through the output.
public final class ExecSession: Sendable {
    /// The command's identifier.
    public let id: String
    /// What the command writes, until it ends.
    public let output: ContainerOutput
    private let connection: HTTPConnection
    private let line: EngineLine

    init(
        _ id: String,
        _ connection: HTTPConnection,
        line: EngineLine,
        isTerminal: Bool,
        hasEnded: @escaping @Sendable () async -> Bool
    ) {
        self.id = id
        self.connection = connection
        self.line = line
        output = ContainerOutput(isTerminal: isTerminal) { () async throws(DockerError) -> [UInt8]? in
            do throws(TransportError) {
                let bytes = try await connection.receive()
                // Whoever still sends would wait for good: some engines end their direction and read no more.
                if bytes == nil { connection.end() }
                return bytes
            } catch {
                connection.end()
                // An engine on this machine that closes with input unread does so with an error, behind all the output.
                if case .broken = error, line.isLocal, await hasEnded() { return nil }
                throw await line.meaning(of: error)
            }
        }
    }

    deinit { connection.end() }

    /// Gives the command input.
    public func send(_ bytes: [UInt8]) async throws(DockerError) {
        do throws(TransportError) { try await connection.send(bytes) } catch {
            throw await line.meaning(of: error)
        }
    }

    /// Ends the command's input.
    public func finishInput() async throws(DockerError) {
        do throws(TransportError) { try await connection.finishSending() } catch {
            throw await line.meaning(of: error)
        }
    }

    /// Ends the connection; the command is not told.
    public func end() { connection.end() }
}
