import Catalog
import Glibc
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// `up` and `down`, with programs that write down how they were called.
struct DockerComposeTests {
    private let home: TestHome
    private let file: FilePath

    init() throws {
        home = try TestHome()
        file = try home.directory.write("name: x\n", to: "home/stacks/llamacpp/compose.yaml")
    }

    /// A program of a name that does what a script says, after it has written down how it was called.
    private func provide(_ name: String, _ script: String = "exit 0") throws {
        let calls = home.directory.appending("calls")
        let path = try home.directory.write(
            "#!/bin/sh\necho \"\(name) $* [$DOCKER_HOST]\" >>'\(calls)'\n\(script)\n",
            to: "bin/\(name)"
        )
        #expect(chmod(path.string, 0o755) == 0)
    }

    private func workspace(_ more: [String: String] = [:]) -> Workspace {
        home.workspace(
            stack: "llamacpp",
            ["PATH": home.directory.appending("bin").string].merging(more) { $1 }
        )
    }

    private var calls: [String] {
        let bytes = (try? FileSystem.read(home.directory.appending("calls"))) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func `the first Compose that is there is run on the stack's file`() async throws {
        // The command is there, and the part that is asked for is not.
        try provide("docker", "[ \"$1\" != compose ]")
        try provide("docker-compose")
        try provide("podman")
        let up = try await Compose(.up).run(in: workspace())
        #expect(up.command == ["docker-compose", "-f", file.string, "up", "--detach"])
        let down = try await Compose(.down).run(in: workspace())
        #expect(down.command == ["docker-compose", "-f", file.string, "down"])
        #expect(
            calls.filter { !$0.contains(" version ") }.map { $0.prefix { $0 != "[" } } == [
                "docker-compose -f \(file) up --detach ", "docker-compose -f \(file) down ",
            ]
        )
        try provide("docker")
        #expect(try await Compose(.up).plan(in: workspace()).command.prefix(2) == ["docker", "compose"])
    }

    @Test func `Compose is led to the engine that was found, unless it finds it by itself`() async throws {
        try provide("docker")
        let runtime = try TemporaryDirectory()
        try runtime.write("", to: "docker.sock")
        _ = try await Compose(.up).run(
            in: workspace(["DOCKER_HOST": "", "XDG_RUNTIME_DIR": runtime.path.string])
        )
        #expect(calls.allSatisfy { $0.hasSuffix("[unix://\(runtime.path)/docker.sock]") } && calls.count == 2)
        _ = try await Compose(.down).run(in: workspace(["DOCKER_HOST": "tcp://gpu1:2375"]))
        #expect(calls.last?.hasSuffix("[tcp://gpu1:2375]") == true)
    }

    @Test func `a stack that names its project and service says so`() async throws {
        try provide("docker")
        let stack = "engine: llamacpp\ncontainer: {project: mine, service: llm}\n"
        try home.directory.write(stack, to: "home/stacks/llamacpp/stack.yaml")
        let run = try await Compose(.up).plan(in: workspace())
        #expect(run.command == ["docker", "compose", "-p", "mine", "-f", file.string, "up", "--detach"])
    }

    @Test func `what Compose fails with is told with its command`() async throws {
        try provide("docker", "[ \"$2\" = version ] || exit 14")
        let failure = try #require(await failure { try await Compose(.up).run(in: workspace()) })
        #expect(failure.kind == .failed && failure.message.contains("ended with status 14"))
        #expect(failure.message.contains("docker compose -f \(file) up"))
    }

    @Test func `without Compose, or without a file for it, nothing is run`() async throws {
        let none = try #require(await failure { try await Compose(.up).run(in: workspace()) })
        #expect(none.kind == .notFound && none.message.contains("`docker compose`") && none.hint != nil)
        try provide("docker")
        try home.directory.write("engine: vllm\ncompose: none.yaml\n", to: "home/stacks/llamacpp/stack.yaml")
        let fileless = try #require(await failure { try await Compose(.up).run(in: workspace()) })
        #expect(fileless.kind == .notFound && fileless.message.contains("none.yaml"))
        #expect(fileless.hint?.contains("stackctl init") == true && calls.isEmpty)
    }

    @Test func `a shipped stack gets its file and a launch that waits, and what is there stays`() async throws
    {
        try FileSystem.remove(file)
        try provide("docker")
        _ = try await Compose(.up).run(in: workspace())
        let shipped = Home.shipped.first { $0.path == "stacks/llamacpp/compose.yaml" }
        #expect(try FileSystem.read(file) == shipped?.bytes)
        let launch = file.removingLastComponent().appending("active/launch.sh")
        #expect(String(decoding: try FileSystem.read(launch), as: UTF8.self).contains("no model is in use"))
        for path in [file, launch] { try FileSystem.write([1], to: path) }
        _ = try await Compose(.up).run(in: workspace())
        #expect(try FileSystem.read(file) == [1] && FileSystem.read(launch) == [1])
    }

    @Test func `Compose is told when it is interrupted`() async throws {
        try provide(
            "docker",
            "[ \"$2\" = version ] && exit; trap 'echo told >\"${0%/*}/told\"; kill $!; exit' TERM; /bin/sleep 60 & wait"
        )
        let workspace = workspace()
        let task = Task { await failure { try await Compose(.up).run(in: workspace) } }
        let end = ContinuousClock.now + .seconds(30)
        while calls.count < 2, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(10)) }
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        #expect(FileSystem.exists(home.directory.appending("bin/told")))
    }
}
