import Glibc
import Platform
import SystemPackage

/// A vendor's tool, asked with a limit on its time and on its words.
struct Tool: Sendable {
    /// What came of asking.
    enum Answer: Sendable {
        /// It ended with a status, and wrote that, on both its outputs.
        case ended(Int32, String)
        /// It had not ended after that time.
        case silent(Duration)
        /// It could not be started.
        case notStarted(SystemError)
    }

    let path: FilePath
    let environment: Environment
    let limit: Duration

    /// More than the longest list of processes; a tool that says more is not the one that it seems to be.
    private static let mostBytes = 1 << 18

    func ask(_ arguments: [String]) async -> Answer {
        do throws(SystemError) {
            let (reading, writing) = try Self.pipe()
            let child: ChildProcess
            do throws(SystemError) {
                defer { close(writing) }
                child = try ChildProcess(
                    path,
                    arguments,
                    environment: environment.setting("LC_ALL", to: "C"),
                    output: .descriptor(writing),
                    errors: .descriptor(writing)
                )
            } catch {
                close(reading)
                throw error
            }
            return await end(of: child, reading)
        } catch { return .notStarted(error) }
    }

    /// A tool that hangs in the kernel does not even die of a kill: nobody waits for its end then.
    private func end(of child: ChildProcess, _ reading: Int32) async -> Answer {
        let end = ContinuousClock.now + limit
        let words = try? await cancellableBlocking { checkCancellation in
            defer { close(reading) }
            return try Self.read(reading, until: end, checkCancellation)
        }
        guard let words else {
            child.send(SIGKILL)
            return .silent(limit)
        }
        while !child.hasEnded, ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(2))
        }
        guard child.hasEnded, let status = try? await child.status() else {
            child.send(SIGKILL)
            return .silent(limit)
        }
        return .ended(status, String(decoding: words, as: UTF8.self))
    }

    /// Everything until the writers have gone, or enough; `nil` if neither is so in time.
    private static func read(
        _ descriptor: Int32,
        until end: ContinuousClock.Instant,
        _ checkCancellation: () throws -> Void
    ) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while ContinuousClock.now < end {
            try checkCancellation()
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, 20) > 0 else { continue }
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
            // What is left unread ends the tool.
            if bytes.count > mostBytes { return bytes }
        }
        return nil
    }

    private static func pipe() throws(SystemError) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else {
            throw SystemError(Errno(rawValue: errno), operation: "make a pipe", path: nil)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
