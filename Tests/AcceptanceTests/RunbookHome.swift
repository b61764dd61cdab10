import Glibc
import Platform
import SystemPackage
import TestSupport

/// A host for an operator: a shell in which `stackctl` is the built one, an engine that has the images of the shipped
/// stacks, a hub that has small models under the names of large ones, and stand-ins for what a machine of tests lacks.
final class RunbookHome: Sendable {
    let home: CommandLineHome
    let engine: PrivateEngine
    private let port: UInt16
    /// What is on the path before all else.
    private let programs: FilePath

    /// The image that the shipped Compose file names, and what is pulled to take its place.
    static let image = "ghcr.io/ggml-org/llama.cpp:server-cuda"
    static let nextImage = "localhost/stackctl-test/next:latest"

    init() async throws {
        let good = [try SpeakingModel.alpha.bytes(), try SpeakingModel.beta.bytes()]
        let broken = try SpeakingModel.broken.bytes()
        home = try CommandLineHome(
            StubRepository(
                "Qwen/Qwen2.5-Coder-7B-Instruct-GGUF",
                files: ["qwen2.5-coder-7b-instruct-q4_k_m.gguf": .bytes(good[0])]
            ),
            StubRepository(
                "Qwen/Qwen2.5-Coder-14B-Instruct-GGUF",
                files: ["qwen2.5-coder-14b-instruct-q4_k_m.gguf": try largeGGUF(mebibytes: 3)]
            ),
            StubRepository(
                "Qwen/Qwen3-14B-GGUF",
                files: ["Qwen3-14B-Q4_K_M.gguf": try largeGGUF(mebibytes: 1)]
            ),
            StubRepository(
                "Qwen/Qwen3-8B-GGUF",
                files: [
                    "Qwen3-8B-Q4_K_M.gguf": .bytes(good[1]),
                    "Qwen3-8B-Q8_0.gguf": try largeGGUF(mebibytes: 2),
                ]
            ),
            StubRepository(
                "my-org/my-coder-7b-GGUF",
                files: ["my-coder-7b-q4_k_m.gguf": .bytes(broken), "my-coder-7b-q8_0.gguf": .bytes(good[1])]
            )
        )
        engine = try await PrivateEngine(.docker, options: Self.options, pretendsGPUs: true)
        try await LlamaServer.load(into: engine)
        port = try freePort()
        programs = home.directory.appending("programs")
        try await installPrograms()
        try await docker("tag", LlamaServer.image, Self.image)
    }

    /// A runtime that `doctor` takes for the one of GPUs; and networks of its own, since two engines that look for free
    /// addresses at the same time take the same ones.
    private static var options: [String] {
        let network = "198.\(Int.random(in: 18...19)).\(Int.random(in: 0...255)).0/24"
        return ["--add-runtime", "nvidia=runc", "--default-address-pool", "base=\(network),size=24"]
    }

    // MARK: Programs

    private func installPrograms() async throws {
        try install("stackctl", stackctl)
        try install("docker", Self.docker)
        let compose = try await TestProgram.dockerCompose.path()
        try install("docker-compose", "exec '\(compose)' \"$@\"")
        try install("sudo", "exec \"$@\"")
        try install("nvidia-smi", Self.nvidia)
    }

    private func install(_ name: String, _ script: String) throws {
        let path = try home.directory.write("#!/bin/sh\n\(script)\n", to: "programs/\(name)")
        guard chmod(path.string, 0o755) == 0 else {
            throw SystemError(Errno(rawValue: errno), operation: "make executable", path: path)
        }
    }

    /// The shipped files name a port that somebody else may have: whoever writes them corrects that.
    private var stackctl: String {
        """
        '\(home.binary)' "$@"
        status=$?
        [ "$1" != init ] || sed -i 's/8080/\(port)/g' '\(home.home)'/stacks/llamacpp/*.yaml
        exit $status
        """
    }

    /// What there is to pull is there already, and Compose is a part of it.
    private static let docker = """
        case $1 in
        compose) shift; exec docker-compose "$@" ;;
        pull) echo "Status: Downloaded newer image for $2"; set -- tag \(nextImage) "$2" ;;
        esac
        PATH=/usr/local/bin:/usr/bin:/bin exec docker "$@"
        """

    private static let nvidia = """
        case $* in
        -L) echo 'GPU 0: NVIDIA RTX A4000 (UUID: GPU-5d0e3b5c-7a61-4f7e-9c3b-2f1d8a6c4e90)' ;;
        --query-compute-apps=gpu_uuid,*) ;;
        --query-gpu=index,*) echo '0, GPU-5d0e3b5c-7a61-4f7e-9c3b-2f1d8a6c4e90, 16376, 16221, 550.54.15, [N/A], 8.6, NVIDIA RTX A4000' ;;
        '') echo '| NVIDIA-SMI 550.54.15     Driver Version: 550.54.15     CUDA Version: 12.4     |' ;;
        --query-compute-apps=*) printf 'pid, process_name, used_gpu_memory [MiB]\\n4711, python3, 9216 MiB\\n' ;;
        --query-gpu=*) printf 'memory.used [MiB], memory.total [MiB]\\n9840 MiB, 16376 MiB\\n' ;;
        *) exit 64 ;;
        esac
        """

    // MARK: What is done

    /// What came of a command.
    struct Outcome {
        let output: String
        let status: Int32?
    }

    /// Runs commands one after the other in one shell, with the words of the pages for what has other names here.
    func run(_ commands: [String]) async throws -> [Outcome] {
        let lines = commands.map { command in
            let quoted = here(command).split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: #"'\''"#)
            return "eval '\(quoted)'\nprintf '\\036%d\\036' $?\n"
        }
        let script = try home.directory.write("set -o pipefail\nexec 2>&1\n\(lines.joined())", to: "session")
        let run = try BinaryRun(
            "/bin/bash",
            [script.string],
            environment: environment,
            directory: home.directory.appending("work")
        )
        let parts = try await run.finish(timeout: .seconds(120)).output
            .split(separator: "\u{1E}", omittingEmptySubsequences: false)
        return commands.indices.map { index in
            guard parts.count > 2 * index + 1 else {
                return Outcome(output: parts.count > 2 * index ? String(parts[2 * index]) : "", status: nil)
            }
            return Outcome(output: there(String(parts[2 * index])), status: Int32(parts[2 * index + 1]))
        }
    }

    private var environment: [String: String] {
        var variables = home.environment([
            "DOCKER_HOST": "unix://\(engine.socket)", "PATH": "\(programs):/usr/local/bin:/usr/bin:/bin",
            "USER": "root", "LANG": "C.UTF-8",
        ])
        // The page says where the home is.
        variables["STACKCTL_HOME"] = nil
        return variables
    }

    private func here(_ text: String) -> String {
        replacing(text, ["/srv/ai": home.home.string, "8080": "\(port)"])
    }

    private func there(_ text: String) -> String {
        replacing(
            text,
            [home.home.string: "/srv/ai", home.hub.endpoint: "https://huggingface.co", "\(port)": "8080"]
        )
    }

    private func replacing(_ text: String, _ words: KeyValuePairs<String, String>) -> String {
        words.reduce(text) { text, word in
            text.split(separator: word.key, omittingEmptySubsequences: false).joined(separator: word.value)
        }
    }

    /// Runs a command that a preparation needs.
    func prepare(_ command: String) async throws {
        let done = try await run(["cd /srv/ai", command])
        guard done.last?.status == 0 else { throw NotPrepared(reason: "\(command): \(done)") }
    }

    /// Runs Docker's own client.
    func docker(_ words: String...) async throws {
        let command = ["docker"] + words
        let done = try await BinaryRun.run("/usr/bin/env", command, environment: environment)
        guard done.status == 0 else { throw NotPrepared(reason: "\(command): \(done.errors)") }
    }

    struct NotPrepared: Error, CustomStringConvertible {
        let reason: String
        var description: String { "the host of the page could not be prepared: \(reason)" }
    }
}
