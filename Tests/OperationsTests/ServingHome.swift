import Docker
import Glibc
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// A stack whose container begins with what `use` chooses, in a real engine; its server is a shell script, which a test
/// tells how each model behaves.
struct ServingHome {
    let home: DockerHome
    var workspace: Workspace { home.workspace() }

    /// Lends one that has models stored by these names, each in one quantization or in several.
    static func with<Result>(
        _ models: [String: [String]],
        starting: Bool = true,
        _ plan: (inout ContainerPlan) -> Void = { _ in },
        _ body: (ServingHome) async throws -> Result
    ) async throws -> Result {
        try await DockerHome.with { home in
            let serving = ServingHome(home: home)
            for (name, quants) in models.sorted(by: { $0.key < $1.key }) {
                for quant in quants { try await serving.store(name, quant) }
            }
            try serving.write(Self.server, to: "llama-server")
            try serving.behave("")
            try FileSystem.createDirectory(serving.folder.appending("active"))
            try await serving.make(starting: starting, plan)
            return try await body(serving)
        }
    }

    var folder: FilePath { home.home.directory.appending("home/stacks/llamacpp") }

    private func store(_ name: String, _ quant: String) async throws {
        let path = try home.home.directory.write(try GGUFBuilder.tiny(), to: "\(name)-\(quant).gguf")
        var options = PullOptions()
        options.name = name
        _ = try await Pull(try home.home.reference(path.string), options).run(in: workspace) { _ in }
    }

    /// Makes the stack's container.
    func make(starting: Bool, _ change: (inout ContainerPlan) -> Void = { _ in }) async throws {
        var plan = ContainerPlan(image: PrivateEngine.image, command: ["/bin/sh", "/active/launch.sh"])
        plan.environment = ["PORT=\(home.port)"]
        plan.resources.networkMode = "host"
        plan.resources.binds = [
            "\(home.home.directory.appending("programs")):/app:ro",
            "\(folder.appending("active")):/active:ro",
        ]
        change(&plan)
        let id = try await home.client.create(plan, named: home.name)
        if starting {
            try FileSystem.write(
                Array("trap 'exit 0' TERM; sleep 600 & wait\n".utf8),
                to: folder.appending("active/launch.sh")
            )
            try await home.client.start(id)
        }
    }

    private func write(_ text: String, to name: String) throws {
        let path = try home.home.directory.write(text, to: "programs/\(name)")
        guard chmod(path.string, 0o755) == 0 else { throw NotExecutable() }
    }

    private struct NotExecutable: Error {}

    /// Says what a server does before it listens: shell words, `$name` being what it is to serve.
    func behave(_ words: String) throws { try write(words, to: "behaviour") }

    /// Answers whatever it is asked like a server that has just completed something.
    private static let server = """
        #!/bin/sh
        echo "serving $*"
        while [ $# -gt 0 ]; do
            [ "$1" = --alias ] && name=$2
            [ "$1" = --model ] && model=$2
            shift
        done
        . /app/behaviour
        body="{\\"data\\":[{\\"id\\":\\"$name\\"}]}"
        export body
        trap 'kill $!; exit 0' TERM
        nc -ll -p $PORT -e /bin/sh -c 'dd bs=65536 count=1 >/dev/null 2>&1; \
        printf "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: ${#body}\\r\\n\\r\\n$body"' &
        wait $!

        """

    // MARK: What is done to it

    @discardableResult
    func use(
        _ model: String,
        timeout: Duration = .seconds(30),
        rollsBack: Bool = true,
        _ reports: Reports = Reports()
    ) async throws -> UsedModel {
        try await Use(try home.home.reference(model), timeout: timeout, rollsBack: rollsBack)
            .run(in: workspace, report: reports.reporter)
    }

    func why(_ reports: Reports = Reports()) async throws -> StackDiagnosis {
        try await Why().run(in: workspace, report: reports.reporter)
    }

    func status(_ reports: Reports = Reports()) async throws -> StackStatus? {
        try await Status().run(in: workspace, report: reports.reporter).first
    }

    func stop() async throws { _ = try await Restart(.stop).run(in: workspace) { _ in } }

    var state: LaunchState {
        get throws { try ModelStore(volume: folder.appending("models")).launchState(of: "llamacpp") }
    }

    /// What the container begins with.
    var script: String {
        get throws {
            String(decoding: try FileSystem.read(folder.appending("active/launch.sh")), as: UTF8.self)
        }
    }
}
