import Catalog
import Formats
import Glibc
import Operations
import Platform
import Store
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// A home of a test's own, in an environment that leads to a stub hub and to nothing else.
final class TestHome: Sendable {
    let directory: TemporaryDirectory
    let hub: StubHub

    init(_ repositories: StubRepository..., below parent: FilePath? = nil) throws {
        directory = try TemporaryDirectory(in: parent)
        hub = try StubHub(repositories)
    }

    /// The volume of a stack.
    func volume(_ stack: String = "llamacpp") -> FilePath {
        directory.appending("home/stacks/\(stack)/models")
    }

    func workspace(stack: String? = "llamacpp", _ more: [String: String] = [:]) -> Workspace {
        let variables = [
            "HOME": directory.appending("user").string, "HF_ENDPOINT": hub.endpoint,
            "DOCKER_HOST": "unix://\(directory.appending("docker.sock"))",
            "STACKCTL_HOME": directory.appending("home").string,
        ]
        let environment = Environment(variables.merging(more) { $1 })
        let home = Home.locate(flag: nil, environment: environment, workingDirectory: directory.path)
        return Workspace(home: home, environment: environment, stackName: stack)
    }

    /// Pulls into a stack.
    @discardableResult
    func pull(
        _ model: String,
        stack: String = "llamacpp",
        environment: [String: String] = [:],
        reports: Reports = Reports(),
        _ change: (inout PullOptions) -> Void = { _ in }
    ) async throws -> Pull.Outcome {
        var options = PullOptions()
        change(&options)
        let workspace = workspace(stack: stack, environment)
        // Whatever the pull is about, and however it ends.
        defer { #expect(!hub.tokenSeenAtCDN) }
        return try await Pull(try reference(model), options).run(in: workspace, report: reports.reporter)
    }

    /// Pulls, and gives the failure that comes of it.
    func failedPull(
        _ model: String,
        stack: String = "llamacpp",
        environment: [String: String] = [:],
        reports: Reports = Reports(),
        _ change: (inout PullOptions) -> Void = { _ in }
    ) async throws -> Failure {
        do {
            try await pull(model, stack: stack, environment: environment, reports: reports, change)
        } catch let failure as Failure {
            return failure
        }
        throw NoFailure()
    }

    struct NoFailure: Error {}

    func reference(_ text: String) throws -> ModelReference { try ModelReference(parsing: text) }

    /// What an engine sees in a stack's volume.
    func visibleFiles(_ stack: String = "llamacpp") throws -> [String] {
        try FileSystem.walk(volume(stack)).map(\.path).filter { !$0.hasPrefix(".stackctl/") }
    }

    /// What is kept of downloads that were stopped.
    func partials(_ stack: String = "llamacpp") throws -> [Partial] {
        try ModelStore(volume: volume(stack)).partials()
    }

    func read(_ path: String, stack: String = "llamacpp") throws -> [UInt8] {
        try FileSystem.read(volume(stack).pushing(FilePath(path)), limit: 1_000_000_000)
    }

    func status(_ path: String, stack: String = "llamacpp") throws -> FileStatus {
        try #require(try FileSystem.status(volume(stack).pushing(FilePath(path))))
    }
}

/// What an operation told while it worked.
final class Reports: Sendable {
    private let told = Mutex<[Report]>([])

    var all: [Report] { told.withLock { $0 } }
    var reporter: Reporter { { report in self.told.withLock { $0.append(report) } } }
    var stages: [String] { all.compactMap { if case .phase(_, let text) = $0 { text } else { nil } } }
    var notes: [String] { all.compactMap { if case .note(let text) = $0 { text } else { nil } } }
    var warnings: [String] { all.compactMap { if case .warning(let text) = $0 { text } else { nil } } }
    /// The most bytes of one file that were told to be here.
    var mostBytes: ByteCount {
        all.compactMap { if case .progress(_, let bytes, _) = $0 { bytes } else { nil } }.max() ?? 0
    }

    /// Waits until something was told; `false` if it is not in time.
    func waitUntil(_ condition: (Reports) -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(30)
        while !condition(self) {
            guard ContinuousClock.now < end else { return false }
            try await Task.sleep(for: .milliseconds(2))
        }
        return true
    }
}

/// A GGUF with a true header and some MiB that look random.
func largeGGUF(mebibytes: Int, seed: UInt64 = 1) throws -> StubContent {
    var file = GGUFFile()
    file["general.architecture"] = .string("llama")
    file["llama.context_length"] = .uint32(4096)
    file["llama.block_count"] = .uint32(1)
    try file.addTensor("token_embd.weight", .f32, shape: [262_144, mebibytes])
    return .bytes(
        GGUFBuilder.bytes(of: file) { tensor in
            StubContent.generated(size: tensor.size.bytes, seed: seed).all
        }
    )
}

/// A small GGUF; another content for another number.
func smallGGUF(_ number: UInt32 = 0) throws -> StubContent {
    .bytes(try GGUFBuilder.tiny(contextLength: 2048 + number))
}
