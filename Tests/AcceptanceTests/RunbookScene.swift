import Glibc
import Platform
import SystemPackage
import TestSupport

/// What a page takes for granted, and is made before its first command is typed.
struct RunbookScene {
    private let page: String

    init(_ page: String) { self.page = page }

    /// Lends a host on which the page begins.
    func play(_ body: (RunbookHome) async throws -> Void) async throws {
        let home = try await RunbookHome()
        let disk = page == "the-disk-is-full.md" ? try SmallDisk(at: home.home.home) : nil
        defer { withExtendedLifetime(disk) {} }
        let done: Result<Void, any Error>
        do {
            try await prepare(home)
            done = .success(try await body(home))
        } catch { done = .failure(error) }
        _ = try await home.run(["cd /srv/ai", "stackctl llamacpp down"])
        try done.get()
    }

    private func prepare(_ home: RunbookHome) async throws {
        if page == "first-host.md" { return }
        try FileSystem.createDirectory(home.home.home)
        try await home.prepare("stackctl init /srv/ai")
        switch page {
        case "out-of-gpu-memory.md": try await SmallGPU.install(in: home)
        case "upgrade-of-an-engine-image.md": try await home.makeNextImage()
        default: break
        }
        try await home.prepare("stackctl llamacpp use qwen2.5-coder:7b")
        switch page {
        case "swap-and-roll-back.md": try await home.prepare("stackctl llamacpp pull qwen3:8b")
        case "out-of-gpu-memory.md":
            try await home.prepare("sed -i 's/^  # context: .*/  context: 65536/' stacks/llamacpp/stack.yaml")
        case "the-disk-is-full.md": try await fill(home)
        case "the-model-does-not-come-up.md":
            let files = ["q4_k_m", "q8_0"]
                .map { "--gguf \($0)=my-org/my-coder-7b-GGUF/my-coder-7b-\($0).gguf" }
            try await home.prepare("stackctl catalog add my-coder:7b \(files.joined(separator: " "))")
        default: break
        }
    }

    /// A model that nobody uses, and a download that somebody has given up.
    private func fill(_ home: RunbookHome) async throws {
        try await home.prepare("stackctl llamacpp pull qwen3:8b-q8_0")
        let pull = try home.home.start(["llamacpp", "pull", "qwen3:14b", "--limit-rate", "200k"])
        try await pull.waitUntil(timeout: .seconds(30)) { [home] _ in home.home.received > 100_000 }
        pull.send(SIGINT)
        let stopped = try await pull.finish(timeout: .seconds(30))
        guard stopped.status == 130 else { throw RunbookHome.NotPrepared(reason: stopped.errors) }
    }
}

/// A filesystem of a few megabytes, which only root can have.
final class SmallDisk {
    private let path: FilePath

    init(at path: FilePath) throws {
        self.path = path
        try FileSystem.createDirectory(path)
        guard mount("tmpfs", path.string, "tmpfs", 0, "size=5m") == 0 else {
            throw SystemError(Errno(rawValue: errno), operation: "mount a filesystem at", path: path)
        }
    }

    deinit { umount2(path.string, Int32(MNT_DETACH)) }
}

/// An image whose server behaves as on a GPU of little memory: what is too large ends it with the lines that it writes
/// there, all else is served.
private enum SmallGPU {
    static func install(in home: RunbookHome) async throws {
        let script = try home.home.directory.write(server, to: "llama-server")
        guard chmod(script.string, 0o755) == 0 else {
            throw SystemError(Errno(rawValue: errno), operation: "make executable", path: script)
        }
        try await home.docker("create", "--name", "small", LlamaServer.image)
        try await home.docker(
            "cp",
            try await TestProgram.llamaServer.path().string,
            "small:/app/llama-server.real"
        )
        try await home.docker("cp", script.string, "small:/app/llama-server")
        try await home.docker("commit", "small", RunbookHome.image)
        try await home.docker("rm", "small")
    }

    private static let server = """
        #!/bin/sh
        previous=
        for word; do
            case $previous in
            --model) model=$word ;;
            --ctx-size) context=$word ;;
            esac
            previous=$word
        done
        device='on device 0: cudaMalloc failed: out of memory'
        if [ "$(wc -c <"$model")" -gt 1000000 ]; then
            cat >&2 <<END
        0.00.381.004 E ggml_backend_cuda_buffer_type_alloc_buffer: allocating 16231.53 MiB $device
        0.00.381.011 E alloc_tensor_range: failed to allocate CUDA0 buffer of size 17019985920
        0.00.402.118 E llama_model_load: error loading model: unable to allocate CUDA0 buffer
        0.00.402.133 E llama_model_load_from_file_impl: failed to load model
        0.00.402.140 E srv    load_model: failed to load model, '$model'
        0.00.402.152 I srv    operator(): operator(): cleaning up before exit...
        0.00.402.377 E main: exiting due to model loading error
        END
            exit 1
        fi
        if [ "$context" -gt 16384 ]; then
            cat >&2 <<END
        0.02.118.560 E ggml_backend_cuda_buffer_type_alloc_buffer: allocating 18432.00 MiB $device
        0.02.118.569 E alloc_tensor_range: failed to allocate CUDA0 buffer of size 19327352832
        0.02.121.274 E llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache
        0.02.121.290 E common_init_from_params: failed to create context with model '$model'
        0.02.121.301 E srv    load_model: failed to load model, '$model'
        0.02.121.318 E main: exiting due to model loading error
        END
            exit 1
        fi
        exec /app/llama-server.real "$@"

        """
}

extension RunbookHome {
    /// Makes an image that differs from the one that runs.
    fileprivate func makeNextImage() async throws {
        try await docker("create", "--name", "next", LlamaServer.image)
        try await docker("commit", "--change", "LABEL build=next", "next", Self.nextImage)
        try await docker("rm", "next")
    }
}
