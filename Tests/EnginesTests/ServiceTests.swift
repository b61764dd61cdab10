import Catalog
import Engines
import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

struct ServiceTests {
    private func service(
        _ yaml: String,
        settings: String = "",
        adapters: [LaunchAdapter] = [],
        size: ByteCount = 4_000_000_000
    ) async throws -> LaunchService {
        let isVLLM = yaml.contains("engine: vllm")
        var request = isVLLM ? try await LaunchRequest.safetensors(yaml) : try await .gguf(yaml)
        request.facts?.architecture = "qwen2"
        request.adapters = adapters
        request.settings = try modelSettings(settings).over(request.settings)
        return try LaunchService(LaunchPlan(request), in: request.stack, size: size)
    }

    private func document(_ text: String) throws -> YAMLNode {
        try YAMLNode.parse(Array(text.utf8), file: "out")
    }

    /// The one service of a compose file.
    private func composed(_ service: LaunchService) throws -> YAMLNode {
        let root = try document(service.compose)
        return try #require(root["services"]?.pairs().first?.value)
    }

    /// The documents of a manifest, by their kinds.
    private func manifests(_ service: LaunchService) throws -> [String: YAMLNode] {
        try service.kubernetes.split(separator: "---\n").reduce(into: [:]) { documents, text in
            let node = try document(String(text))
            documents[try #require(try node["kind"]?.string())] = node
        }
    }

    private func container(_ service: LaunchService) throws -> (pod: YAMLNode, container: YAMLNode) {
        let pod = try #require(try manifests(service)["Deployment"]?["spec"]?["template"]?["spec"])
        return (pod, try #require(try pod["containers"]?.list().first))
    }

    // MARK: Compose

    @Test(arguments: [
        ("engine: llamacpp", ["count": "all"], "llamacpp"), ("engine: vllm", ["count": "1"], "vllm"),
        ("engine: mistralrs\nimage: i", ["count": "1"], "mistralrs"),
    ]) func `a container has the GPUs that its engine makes use of`(
        yaml: String,
        expected: [String: String],
        engine: String
    ) async throws {
        let parts = try composed(try await service(yaml))
        let device = try #require(
            try parts["deploy"]?["resources"]?["reservations"]?["devices"]?.list().first
        )
        #expect(try device["count"]?.string() == expected["count"] && device["device_ids"] == nil)
        #expect(try device["capabilities"]?.words() == ["gpu"])
        let chosen = try composed(try await service(yaml, settings: "gpu: {devices: [0, 2]}"))
        let these = try chosen["deploy"]?["resources"]?["reservations"]?["devices"]?.list().first
        #expect(try these?["device_ids"]?.words() == ["0", "2"] && these?["count"] == nil)
        // The container numbers what it sees anew.
        #expect(chosen["environment"]?["CUDA_VISIBLE_DEVICES"] == nil)
    }

    @Test(arguments: [
        ("engine: llamacpp\nimage: ghcr.io/ggml-org/llama.cpp:server", ""),
        ("engine: llamacpp\nimage: ghcr.io/ggml-org/llama.cpp:server-b11434", ""),
        ("engine: llamacpp", "gpu: {layers: 0}"), ("engine: vllm\nimage: vllm/vllm-openai-cpu:v0.33.0", ""),
        ("engine: mistralrs\nimage: ghcr.io/ericlbuehler/mistral.rs:cpu-latest", ""),
    ]) func `what runs on the CPU reserves no GPU`(yaml: String, settings: String) async throws {
        let service = try await service(yaml, settings: settings)
        #expect(try composed(service)["deploy"] == nil)
        #expect(try container(service).container["resources"] == nil)
    }

    @Test func `a GPU of AMD's is reached as its driver has it`() async throws {
        let service = try await service("engine: llamacpp\nimage: ghcr.io/ggml-org/llama.cpp:server-rocm")
        #expect(try composed(service)["devices"]?.words() == ["/dev/kfd", "/dev/dri"])
        #expect(try container(service).container["resources"]?["limits"]?["amd.com/gpu"]?.string() == "1")
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("10.1.2.3", "10.1.2.3"), ("'::1'", "::1"), ("'[::1]'", "::1"),
        ("localhost", "127.0.0.1"), ("gpu-box.lan", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"),
        ("1.2.3.4.5", "127.0.0.1"),
    ]) func `a port is open where the stack says, and nowhere else`(host: String, expected: String)
        async throws
    {
        let parts = try composed(try await service("engine: llamacpp\nhost: \(host)"))
        let port = try #require(try parts["ports"]?.list().first)
        #expect(try port["host_ip"]?.string() == expected)
        #expect(try port["target"]?.integer() == 8080 && port["published"]?.string() == "8080")
    }

    @Test func `models and adapters are mounted for reading alone`() async throws {
        let adapter = LaunchAdapter(path: "/adapters/a.gguf")
        let own = try composed(try await service("engine: llamacpp\nmount: /srv/m", adapters: [adapter]))
        let mounts = try #require(try own["volumes"]?.list())
        #expect(try mounts.map { try $0["target"]?.string() } == ["/srv/m", "/adapters"])
        #expect(try mounts.allSatisfy { try $0["read_only"]?.boolean() == true })
        let volume = try await service("engine: vllm\nmodels: volume:weights")
        let root = try document(volume.compose)
        #expect(try root["volumes"]?["weights"]?["external"]?.boolean() == true)
        #expect(try composed(volume)["volumes"]?.list().first?["source"]?.string() == "weights")
    }

    @Test(
        arguments: [
            (0, "60s", "300s"), (4_000_000_000, "120s", "360s"), (140_000_000_000, "1470s", "1710s"),
        ] as [(Int64, String, String)]
    )
    func `a large model has longer to start`(size: Int64, llama: String, vllm: String) async throws {
        for (yaml, expected) in [("engine: llamacpp", llama), ("engine: vllm", vllm)] {
            let service = try await service(yaml, size: ByteCount(size))
            #expect(try composed(service)["healthcheck"]?["start_period"]?.string() == expected)
            let probe = try container(service).container["startupProbe"]
            let seconds = try #require(Int(expected.dropLast()))
            #expect(try probe?["failureThreshold"]?.integer() == seconds / 10)
        }
    }

    @Test(arguments: ["llamacpp", "vllm"]) func `a key is named and never written`(engine: String)
        async throws
    {
        let variable = engine == "vllm" ? "VLLM_API_KEY" : "LLAMA_API_KEY"
        let named = try await service("engine: \(engine)", settings: "api_key: env:MINE")
        #expect(try composed(named)["environment"]?[variable]?.string() == "${MINE:?}")
        let filed = try await service("engine: \(engine)", settings: "api_key: file:/etc/a key")
        let root = try document(filed.compose)
        #expect(try root["secrets"]?["api-key"]?["file"]?.string() == "/etc/a key")
        let parts = try composed(filed)
        let command = try #require(try parts["command"]?.words())
        if engine == "vllm" {
            let script = try #require(try parts["entrypoint"]?.words()[2])
            #expect(script.contains("exec vllm serve \"$$@\"") && script.contains("/run/secrets/api-key"))
            #expect(command.first?.hasPrefix("/models/") == true)
        } else {
            #expect(command.suffix(2) == ["--api-key-file", "/run/secrets/api-key"])
        }
        for service in [named, filed] {
            let (_, container) = try container(service)
            let last = try #require(try container["env"]?.list().last)
            #expect(try last["name"]?.string() == variable && last["value"] == nil)
            #expect(try last["valueFrom"]?["secretKeyRef"]?["name"]?.string() == "stackctl-test-api-key")
            #expect(try container["args"]?.words().contains("--api-key-file") == false)
        }
    }

    // MARK: Kubernetes

    @Test func `names are such as Kubernetes takes, and none is the engine's own`() async throws {
        let service = try await service("engine: vllm", settings: "gpu: {tensor_parallel: 2}")
        let documents = try manifests(service)
        #expect(documents.count == 3)
        for document in documents.values {
            let name = try #require(try document["metadata"]?["name"]?.string())
            #expect(name.hasPrefix("stackctl-test") && name.count <= 63)
            #expect(name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
        }
        let (pod, container) = try container(service)
        #expect(try pod["enableServiceLinks"]?.boolean() == false)
        #expect(try container["resources"]?["limits"]?["nvidia.com/gpu"]?.string() == "2")
        let mounts = try #require(try container["volumeMounts"]?.list())
        #expect(try mounts.map { try $0["mountPath"]?.string() }.contains("/dev/shm"))
        let labels = try pod.string(at: documents["Service"]?["spec"]?["selector"])
        #expect(labels == "stackctl-test")
    }

    @Test func `the claim has room for the model`() async throws {
        let service = try await service("engine: llamacpp", size: 4_000_000_000)
        let claim = try #require(try manifests(service)["PersistentVolumeClaim"]?["spec"])
        #expect(try claim["resources"]?["requests"]?["storage"]?.string() == "5Gi")
        #expect(try claim["accessModes"]?.words() == ["ReadWriteOnce"])
    }

    // MARK: Words that mean something to somebody

    @Test(arguments: [
        "$HOME", "$(HOME)", "${A}", "a: b", "- a", "#x", "'\"\\", "a\nb", "\u{7F}ü ", "yes", "1e3",
    ])
    func `a word comes out of every rendering as it is`(word: String) async throws {
        let stack = try await declaredStack("engine: llamacpp\nimage: i")
        let request = LaunchRequest(
            stack: stack,
            settings: stack.settings,
            model: word,
            format: .gguf,
            files: ["/models/\(word)/m.gguf"]
        )
        let service = try LaunchService(LaunchPlan(request), in: stack, size: 1)
        let expected = ["/models/\(word)/m.gguf", word]
        func words(_ node: YAMLNode?) throws -> [String] {
            try #require(try node?.list()).map { try $0.string() }
        }
        for node in [try composed(service)["command"], try container(service).container["args"]] {
            let found = try words(node).map { $0.replacing("$$", with: "$") }
            #expect([found[1], found[3]] == expected)
        }
    }

    @Test func `several machines are not one container`() async throws {
        await #expect(throws: LaunchRefusal.severalMachines) {
            try await service("engine: vllm", settings: "nodes: [a, b]")
        }
        await #expect(throws: LaunchRefusal.imageUnknown(.mistralrs)) {
            try await service("engine: mistralrs")
        }
    }
}

extension YAMLNode {
    /// The only label of a selector.
    fileprivate func string(at labels: YAMLNode?) throws -> String? {
        try labels?.pairs().first?.value.string()
    }
}
