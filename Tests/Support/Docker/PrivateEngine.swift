import Glibc
import Platform
import Synchronization
public import SystemPackage

/// A container engine that nobody else uses, with a folder of its own for all that it keeps, and an image to run.
///
/// It ends with all its containers when the process of the tests ends, however that ends.
public final class PrivateEngine: Sendable {
    /// Which engine.
    public enum Kind: String, Sendable, CaseIterable {
        /// `dockerd`.
        case docker
        /// `podman system service`.
        case podman
    }

    /// An image with one program of many names: a shell and the usual commands.
    public static let image = "localhost/stackctl-test:latest"

    /// Which engine it is.
    public let kind: Kind
    /// Its socket.
    public let socket: FilePath
    /// The folder with its socket and all that it keeps.
    public let folder: FilePath

    private let warden: BinaryRun

    /// The engine of this process's tests, started when the first of them asks for it.
    public static func shared(_ kind: Kind) async throws -> PrivateEngine {
        try await starting.withLock { starting in
            if let task = starting[kind] { return task }
            let task = Task { try await PrivateEngine(kind) }
            starting[kind] = task
            return task
        }.value
    }

    private static let starting = Mutex<[Kind: Task<PrivateEngine, any Error>]>([:])

    /// Starts an engine and waits until it answers and has the image; `options` are further words of its command, and with
    /// `pretendsGPUs` a `dockerd` starts what asks for GPUs, without any.
    public init(_ kind: Kind, options: [String] = [], pretendsGPUs: Bool = false) async throws {
        if let reason = Self.obstacle(kind) { throw NotStarted(reason: reason) }
        self.kind = kind
        let parent = Environment.process["TMPDIR"] ?? "/tmp"
        // Podman takes no path of more than 50 characters for what it keeps while it runs.
        let name = String(UInt32.random(in: 0 ... .max), radix: 36)
        folder = FilePath("\(parent)/\(kind.rawValue)-\(name)")
        try FileSystem.createDirectory(folder)
        socket = folder.appending("engine.sock")
        let command = try EngineCommand(
            kind,
            folder: folder,
            socket: socket,
            options: options,
            pretendsGPUs: pretendsGPUs
        )
        warden = try BinaryRun(
            "/bin/sh",
            ["-c", Self.script, command.cleanUp, folder.string] + command.words,
            environment: command.environment,
            input: nil
        )
        try await waitUntilItAnswers()
        try await TinyImage.load(into: self)
    }

    deinit {
        warden.closeInput()
        // Whoever lets go of a run kills it, and nobody would tidy up.
        Task { [warden] in _ = try? await warden.finish() }
    }

    /// Ends when nobody can write to its input any more; until then it stops and starts the engine as it is told.
    private static let script = """
        trap '' INT HUP TERM
        folder=$1
        shift
        run() { "$@" </dev/null >>"$folder/log" 2>&1 & engine=$!; }
        stop() { [ -z "$engine" ] || { kill "$engine" 2>/dev/null; wait "$engine"; }; engine=; }
        run "$@"
        while read -r word; do
            case $word in
            stop) stop; echo stopped ;;
            start) run "$@" ;;
            esac
        done
        eval "$0" >>"$folder/log" 2>&1
        stop
        # Podman leaves somebody behind who would do some tidying in the folder minutes later.
        for process in /proc/[0-9]*; do
            number=${process#/proc/}
            [ "$number" != $$ ] && grep -qF "$folder/" "$process/cmdline" 2>/dev/null && kill -9 "$number"
        done
        for place in $(awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r); do
            umount -l "$place"
        done
        rm -rf "$folder"
        """

    /// Ends the engine and its containers, and waits for that.
    public func stop() async throws {
        let before = warden.output.count
        warden.type("stop\n")
        try await warden.waitUntil(timeout: .seconds(60)) { $0.output.count > before }
    }

    /// Starts it again with what it has kept, and waits until it answers.
    public func start() async throws {
        warden.type("start\n")
        try await waitUntilItAnswers()
    }

    private func waitUntilItAnswers() async throws {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if FileSystem.exists(socket), try await ask("GET", "/_ping")?.status == 200 { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw NotStarted(reason: log)
    }

    /// Asks the engine without the client that is to be tested; `nil` if nobody listens.
    func ask(_ method: String, _ target: String, type: String? = nil, body: [UInt8]? = nil) async throws
        -> RawHTTP.Response?
    {
        let socket = socket
        return try await onOwnThread {
            guard let line = try? RawHTTP(socket: socket) else { return nil }
            return try line.send(
                method,
                target,
                headers: type.map { ["Content-Type": $0] } ?? [:],
                body: body
            )
        }
    }

    /// The end of what the engine has said.
    public var log: String {
        let bytes = (try? FileSystem.read(folder.appending("log"), limit: 64_000_000)) ?? []
        return String(decoding: bytes.suffix(4000), as: UTF8.self)
    }

    /// The engine did not come up.
    public struct NotStarted: Error, CustomStringConvertible {
        let reason: String
        /// What is known of it.
        public var description: String { "the engine did not start: \(reason)" }
    }

    // MARK: Whether it can run

    /// Whether tests with engines are to run: where all tests must, not having one is a failure.
    public static let canRun =
        Environment.process["CI"] != nil || Kind.allCases.allSatisfy { obstacle($0) == nil }

    /// Why they cannot.
    public static let whyNot = Kind.allCases.compactMap { obstacle($0) }.joined(separator: "; ")

    private static func obstacle(_ kind: Kind) -> String? {
        if geteuid() != 0 { return "only root can start an engine with containers" }
        let programs = [kind == .docker ? "dockerd" : "podman", "runc", "busybox"]
        if let missing = programs.first(where: { Environment.system.program($0) == nil }) {
            return "`\(missing)` is not installed: apt-get install docker.io podman busybox-static"
        }
        let hierarchies = ["/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup/memory"]
        if !hierarchies.contains(where: { FileSystem.exists(FilePath($0)) }) {
            return "no control groups are mounted"
        }
        return nil
    }
}

extension Environment {
    /// The folders where a system's own programs are.
    static let system: Environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
}
