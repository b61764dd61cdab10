import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// A home and a hub for runs of the built `stackctl`, in an environment that leads nowhere else.
final class CommandLineHome: Sendable {
    let directory: TemporaryDirectory
    let hub: StubHub
    let binary: FilePath

    init(_ repositories: StubRepository...) throws {
        directory = try TemporaryDirectory()
        hub = try StubHub(repositories)
        binary = try BinaryRun.built()
        try FileSystem.createDirectory(directory.appending("work"))
    }

    var home: FilePath { directory.appending("home") }
    /// The volume of a stack.
    func volume(_ stack: String = "llamacpp") -> FilePath { home.pushing(FilePath("stacks/\(stack)/models")) }

    /// The whole environment of a run.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        let own = [
            "HOME": directory.appending("user").string, "PATH": "/usr/local/bin:/usr/bin:/bin",
            "STACKCTL_HOME": home.string, "HF_ENDPOINT": hub.endpoint, "TERM": "xterm-256color",
            "DOCKER_HOST": "unix://\(directory.appending("docker.sock"))",
        ]
        return own.merging(more) { $1 }
    }

    func start(
        _ arguments: [String],
        environment more: [String: String] = [:],
        input: [UInt8]? = [],
        terminal: BinaryRun.TerminalSize? = nil
    ) throws -> BinaryRun {
        try BinaryRun(
            binary,
            arguments,
            environment: environment(more),
            directory: terminal == nil ? directory.appending("work") : nil,
            input: terminal == nil ? input : nil,
            terminal: terminal
        )
    }

    @discardableResult
    func run(_ arguments: String..., environment more: [String: String] = [:]) async throws
        -> BinaryRun.Result
    {
        // Whatever the run is about, and however it ends.
        defer { #expect(!hub.tokenSeenAtCDN) }
        return try await start(arguments, environment: more).finish()
    }

    /// Runs a line of the shell in which `stackctl` is the built one.
    func shell(_ line: String) async throws -> BinaryRun.Result {
        let path = "\(binary.removingLastComponent()):/usr/local/bin:/usr/bin:/bin"
        return try await BinaryRun.run("/bin/sh", ["-c", line], environment: environment(["PATH": path]))
    }

    /// What an engine sees in a stack's volume.
    func visibleFiles(_ stack: String = "llamacpp") throws -> [String] {
        try FileSystem.walk(volume(stack)).map(\.path).filter { !$0.hasPrefix(".stackctl/") }
    }

    /// What has arrived of the downloads that are not whole yet.
    var received: Int64 {
        let partial = volume().pushing(".stackctl/partial")
        let files = (try? FileSystem.walk(partial)) ?? []
        return files.filter { $0.path.hasSuffix("/data") }.reduce(0) { $0 + $1.status.size.bytes }
    }

    func read(_ path: String, stack: String = "llamacpp") throws -> [UInt8] {
        try FileSystem.read(volume(stack).pushing(FilePath(path)), limit: 1_000_000_000)
    }
}

/// A GGUF with a true header and some MiB that look random.
func largeGGUF(mebibytes: Int, seed: UInt64 = 1) throws -> StubContent {
    let file = try largeHeader(mebibytes: mebibytes)
    return .bytes(
        GGUFBuilder.bytes(of: file) { tensor in
            StubContent.generated(size: tensor.size.bytes, seed: seed).all
        }
    )
}

/// The header of a GGUF that has so many MiB of data.
func largeHeader(mebibytes: Int) throws -> GGUFFile {
    var file = GGUFFile()
    file["general.architecture"] = .string("llama")
    file["llama.context_length"] = .uint32(4096)
    file["llama.block_count"] = .uint32(1)
    try file.addTensor("token_embd.weight", .f32, shape: [262_144, mebibytes])
    return file
}

/// A repository with small GGUF files of two quantizations.
func tinyRepository(access: StubRepository.Access = .open) throws -> StubRepository {
    StubRepository(
        "org/tiny-GGUF",
        files: [
            "tiny-Q4_K_M.gguf": .bytes(try GGUFBuilder.tiny()),
            "tiny-Q8_0.gguf": .bytes(try GGUFBuilder.tiny(contextLength: 4096)), "README.md": .text("# Tiny"),
        ],
        access: access
    )
}

/// Any JSON.
enum AnyJSON: Decodable, Equatable {
    case null, bool(Bool), number(Double), string(String), array([AnyJSON]), object([String: AnyJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([AnyJSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: AnyJSON].self))
        }
    }

    /// Reads a whole text.
    init(_ text: String) throws { self = try JSON.decode(AnyJSON.self, from: Array(text.utf8)) }

    var elements: [AnyJSON] { if case .array(let elements) = self { elements } else { [] } }
    var keys: Set<String> { if case .object(let members) = self { Set(members.keys) } else { [] } }
    subscript(_ key: String) -> AnyJSON? { if case .object(let members) = self { members[key] } else { nil } }
}
