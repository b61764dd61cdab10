import Platform
import Synchronization
import SystemPackage

/// Lines to an engine that only ssh reaches: each connection is a run of the ssh client, which lets the other side's
/// docker command bridge to the engine.
final class SSHLine: Sendable {
    let destination: SSHDestination
    private let environment: Environment
    private let socket = Mutex<ProgramSocket?>(nil)

    init(_ destination: SSHDestination, environment: Environment) {
        self.destination = destination
        self.environment = environment
    }

    /// The name of a socket that leads there.
    func socketName() throws(DockerError) -> String {
        guard let program = environment.program("ssh") else {
            throw .sshFailed(destination, "there is no `ssh` in PATH")
        }
        let opened = socket.withLock { socket -> Result<String, SystemError> in
            if let socket { return .success(socket.name) }
            do throws(SystemError) {
                let open = try ProgramSocket(program, destination.arguments, environment: environment)
                socket = open
                return .success(open.name)
            } catch { return .failure(error) }
        }
        do throws(SystemError) { return try opened.get() } catch { throw .sshFailed(destination, "\(error)") }
    }

    /// Why there is no line, in ssh's own words, of which there may be none; `nil` if ssh is still at it.
    func complaint() async -> String? {
        let words = await socket.withLock { $0 }?.lastWords()
        return words?.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
