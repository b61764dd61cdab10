import Platform
import SystemPackage
import TestSupport

/// A `stackctl mirror serve` under way, on a free port.
final class RunningMirror: Sendable {
    struct DidNotStart: Error {
        let errors: String
    }

    let address: String
    let port: UInt16
    private let run: BinaryRun

    /// Serves a folder of repositories, or without one what the home has stored.
    init(_ home: CommandLineHome, _ arguments: String...) async throws {
        run = try home.start(["mirror", "serve", "--bind", "127.0.0.1:0"] + arguments)
        try await run.waitUntil { $0.output.contains("\n") }
        address = String(run.output.prefix { $0 != "\n" })
        guard address.hasPrefix("http://127.0.0.1:"),
            let port = UInt16(address.split(separator: ":").last ?? "")
        else { throw DidNotStart(errors: run.errors) }
        self.port = port
    }

    /// What it says of the requests that are over.
    var log: String { run.errors }

    /// Ends it as a service manager does.
    func stop(_ signal: Int32) async throws -> BinaryRun.Result {
        run.send(signal)
        return try await run.finish(timeout: .seconds(20))
    }
}
