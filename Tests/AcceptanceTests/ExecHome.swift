import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// A home whose stack has a running container in a real engine, for runs of the built `stackctl`.
final class ExecHome: Sendable {
    let home: CommandLineHome
    let engine: PrivateEngine
    let name = "test-\(UInt32.random(in: 0 ... .max))"
    let port: UInt16

    private init(_ kind: PrivateEngine.Kind) async throws {
        home = try CommandLineHome()
        engine = try await PrivateEngine.shared(kind)
        port = try freePort()
        try home.directory.write(
            "engine: llamacpp\ncontainer: \(name)\nport: \(port)\n",
            to: "home/stacks/llamacpp/stack.yaml"
        )
    }

    /// Lends a home whose container runs a shell script; `$PORT` is the stack's port.
    static func with<Result>(
        _ kind: PrivateEngine.Kind = .docker,
        _ script: String = "exec sleep 600",
        _ body: (ExecHome) async throws -> Result
    ) async throws -> Result {
        let home = try await ExecHome(kind)
        do {
            try await home.engine.run(script, as: home.name, variables: ["PORT=\(home.port)"])
            let result = try await body(home)
            try await home.engine.remove(home.name)
            return result
        } catch {
            try? await home.engine.remove(home.name)
            throw error
        }
    }

    var environment: [String: String] { ["DOCKER_HOST": "unix://\(engine.socket)"] }

    func start(_ arguments: [String], input: [UInt8]? = [], terminal: BinaryRun.TerminalSize? = nil) throws
        -> BinaryRun
    {
        try home.start(arguments, environment: environment, input: input, terminal: terminal)
    }

    func run(_ arguments: String..., input: [UInt8] = []) async throws -> BinaryRun.Result {
        try await start(arguments, input: input).finish(timeout: .seconds(60))
    }

    /// Runs a line of the shell on a terminal; `$STACKCTL` is the built one.
    func shell(_ line: String, terminal: BinaryRun.TerminalSize = .init()) throws -> BinaryRun {
        let more = environment.merging(["STACKCTL": home.binary.string]) { $1 }
        return try BinaryRun(
            "/bin/sh",
            ["-c", line],
            environment: home.environment(more),
            input: nil,
            terminal: terminal
        )
    }

    /// The processes that a process has started.
    static func children(of process: Int32) -> [Int32] {
        let path = FilePath("/proc/\(process)/task/\(process)/children")
        let bytes = (try? FileSystem.read(path)) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
    }
}

extension Trait where Self == ConditionTrait {
    /// What needs real engines; where all tests must run, not having them is a failure.
    static var engines: Self {
        .enabled(if: PrivateEngine.canRun, "\(PrivateEngine.whyNot)")
    }
}
