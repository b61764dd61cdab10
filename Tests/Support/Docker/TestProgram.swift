import Platform
public import SystemPackage

/// A program for the tests that a script makes once for a machine.
public enum TestProgram: String, Sendable, CaseIterable {
    /// llama.cpp's server.
    case llamaServer = "llama-server"
    /// What says the memory that llama.cpp's server would take; it comes with the server.
    case llamaFit = "llama-fit-params"
    /// What quantizes models for it; it comes with the server too.
    case llamaQuantize = "llama-quantize"
    /// Docker Compose.
    case dockerCompose = "docker-compose"

    /// Whether tests that need an engine and all of these are to run: where all tests must, not having one is a failure.
    public static func areExpected() async -> Bool {
        if Environment.process["CI"] != nil { return true }
        guard PrivateEngine.canRun else { return false }
        for program in allCases {
            do { _ = try await program.path() } catch {
                print("left out: \(error)")
                return false
            }
        }
        return true
    }

    /// Whether tests that need it are to run: where all tests must, not having it is a failure.
    public func isExpected() async -> Bool {
        if Environment.process["CI"] != nil { return true }
        do { return try await !path().string.isEmpty } catch {
            print("left out: \(error)")
            return false
        }
    }

    /// Where it is; an error if its script has not been run.
    public func path() async throws -> FilePath {
        if self == .llamaFit || self == .llamaQuantize {
            return try await Self.llamaServer.path().removingLastComponent().appending(rawValue)
        }
        let script = Self.scripts.appending(rawValue)
        let names = ["PATH", "HOME", "XDG_CACHE_HOME"]
        let environment = names.reduce(into: [String: String]()) { $0[$1] = Environment.process[$1] }
        let told = try await BinaryRun.run(script, ["path"], environment: environment)
        let path = FilePath(String(told.output.prefix { $0 != "\n" }))
        guard told.status == 0, FileSystem.exists(path) else {
            throw NotMade(description: "\(script) has not been run \(told.errors)")
        }
        return path
    }

    /// It is not there.
    public struct NotMade: Error, CustomStringConvertible {
        /// Why not.
        public let description: String
    }

    /// The folder of the scripts that make them.
    public static let scripts: FilePath = {
        var path = FilePath(#filePath)
        for _ in 0..<4 { path.removeLastComponent() }
        return path.appending("scripts")
    }()
}
