public import Catalog
public import Platform

/// A launch as somebody else is to run it: Docker Compose or Kubernetes.
public struct LaunchService: Sendable {
    /// The launch.
    public let plan: LaunchPlan
    /// The stack that it belongs to.
    public let stack: Stack
    /// The bytes of the model's files.
    public let size: ByteCount
    /// The container's image.
    public let image: String

    /// Describes it; several machines are refused, since each has a command of its own.
    public init(_ plan: LaunchPlan, in stack: Stack, size: ByteCount) throws(LaunchRefusal) {
        guard plan.nodes.isEmpty else { throw .severalMachines }
        guard let image = plan.image ?? Self.usualImage(of: plan.engine) else {
            throw .imageUnknown(plan.engine)
        }
        self.image = image
        self.plan = plan
        self.stack = stack
        self.size = size
    }
}

// MARK: What follows for any container

extension LaunchService {
    /// The command's words behind the image's entry point, without the file that the key is in: where a container finds it
    /// is another matter.
    var arguments: [String] { plan.keylessArguments }

    /// The image for everybody; of mistral.rs there is one a generation of GPUs.
    private static func usualImage(of engine: EngineName) -> String? {
        switch engine {
        case .llamacpp: "ghcr.io/ggml-org/llama.cpp:server-cuda"
        case .vllm: "vllm/vllm-openai:v0.33.0"
        case .mistralrs: nil
        }
    }

    /// The variables but those that choose among the GPUs: a container sees the chosen ones alone, and numbers them anew.
    var environment: [(name: String, value: String)] {
        plan.environment.filter { !$0.key.hasPrefix("CUDA_") }.sorted { $0.key < $1.key }
            .map { (name: $0.key, value: $0.value) }
    }

    /// Whether the command reads something of the adapters' folder.
    var needsAdapters: Bool { arguments.contains { $0.contains("\(Stack.adapterMount)/") } }

    /// The volume for what the engine would otherwise work out or fetch at each start, and where it looks for that.
    var cache: (name: String, path: String)? {
        switch plan.engine {
        case .llamacpp: nil
        case .mistralrs: (name: "data", path: "/data")
        case .vllm: (name: "cache", path: "/root/.cache/vllm")
        }
    }

    /// The shared memory that processes on several GPUs talk through; a container has 64 MB by itself.
    var sharedMemory: Int? {
        switch plan.engine {
        case .llamacpp: nil
        case .mistralrs: gpuCount.map { $0 > 1 } == true ? 8 : nil
        case .vllm: 16
        }
    }

    /// How long it may take until it serves: what the engine needs anyway, and what a slow disk needs for the files.
    var startPeriod: Int {
        let begin = plan.engine == .vllm ? 300 : 60
        let slowest: Int64 = 100_000_000
        let seconds = begin + Int(size.bytes / slowest)
        return (seconds + 29) / 30 * 30
    }

    /// Whose GPUs the image is made for.
    var maker: GPUMaker {
        let tag = image.split(separator: "/").last?.split(separator: ":").last ?? ""
        if plan.engine == .llamacpp, valueIsZero("--n-gpu-layers") { return .none }
        if tag.contains("rocm") { return .amd }
        if tag.contains("vulkan") || tag.contains("intel") || tag.contains("sycl") { return .other }
        switch plan.engine {
        // `server` and `server-b11434` have no GPU in them, unlike `server-cuda`.
        case .llamacpp:
            let build = tag.dropFirst("server-b".count)
            let isPlain = tag == "server" || (tag.hasPrefix("server-b") && build.allSatisfy(\.isNumber))
            return isPlain ? .none : .nvidia
        case .mistralrs:
            return arguments.contains("--cpu") || tag == "latest" || tag.hasPrefix("cpu") ? .none : .nvidia
        case .vllm: return image.contains("vllm-openai-cpu") ? .none : .nvidia
        }
    }

    private func valueIsZero(_ option: String) -> Bool {
        arguments.value(ofOption: [option, "-ngl", "--gpu-layers"]) == "0"
    }

    /// How many GPUs it is to have; `nil` for all.
    var gpuCount: Int? {
        switch plan.devices {
        case .all: nil
        case .count(let count): count
        case .these(let numbers): numbers.count
        }
    }

    /// Where the engine answers whether it is well, as seen from within its container.
    var healthAddress: String {
        let host = stack.defaults.host
        let seen = ["0.0.0.0", "::", "[::]"].contains(host) ? "localhost" : host
        return
            "http://\(seen.contains(":") && !seen.hasPrefix("[") ? "[\(seen)]" : seen):\(stack.port)\(stack.health)"
    }
}

/// Whose GPUs a container is to have.
enum GPUMaker {
    case none, nvidia, amd
    /// One that is reached as Linux reaches all of them.
    case other
}
