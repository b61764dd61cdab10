import Glibc
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// A home on a machine that says what GPUs it has.
struct GPUHome {
    let home: TestHome

    /// One with a tool of NVIDIA's that tells of GPUs with so many MiB, and so many of them free.
    init(_ gpus: (total: Int, free: Int)...) throws {
        home = try TestHome()
        guard !gpus.isEmpty else { return }
        let rows = gpus.enumerated().map { index, gpu in
            "\(index), GPU-\(index), \(gpu.total), \(gpu.free), 550.54.15, [N/A], 8.9, NVIDIA GeForce RTX 4090"
        }
        let script = """
            #!/bin/sh
            case $* in
            --query-gpu=*) printf '\(rows.joined(separator: "\\n"))\\n' ;;
            --query-compute-apps=*) ;;
            *) echo 'CUDA Version: 12.4' ;;
            esac

            """
        let path = try home.directory.write(script, to: "bin/nvidia-smi")
        guard chmod(path.string, 0o755) == 0 else {
            throw SystemError(Errno(rawValue: errno), operation: "make executable", path: path)
        }
    }

    func workspace(stack: String = "llamacpp") -> Workspace {
        home.workspace(stack: stack, ["PATH": home.directory.appending("bin").string])
    }

    func recommend(
        _ profile: String? = nil,
        place: RecommendedPlace? = nil,
        stack: String = "llamacpp",
        reports: Reports = Reports()
    ) async throws -> Recommendations {
        try await Recommend(profile: profile, place: place).run(
            in: workspace(stack: stack),
            report: reports.reporter
        )
    }
}

/// What is recommended, with the machine's own numbers.
struct RecommendTests {
    @Test func `a host with a GPU gets what lies on it, and is told so`() async throws {
        let found = try await GPUHome((8_192, 8_000)).recommend("coding")
        let first = try #require(found.models.first)
        #expect(first.model == "qwen2.5-coder:7b" && first.quant == "q6_k" && first.verdict == "gpu")
        #expect(
            first.recommended && !first.stored && first.place == "on the GPU"
                && first.gpuLayers == first.layers
        )
        #expect(first.reason == "code: the largest that fits on the GPU")
        #expect(first.command.hasSuffix("llamacpp pull qwen2.5-coder:7b-q6_k"))
        #expect(first.vramBytes + first.ramBytes == first.needBytes && first.vramBytes < 8_388_608_000)
        #expect(found.machine.gpus.map(\.total) == [8_589_934_592] && found.nothing == nil)
        #expect(found.models.dropFirst().allSatisfy { !$0.recommended } && found.models.count == 6)
    }

    @Test func `without a profile each one's best comes first`() async throws {
        let found = try await GPUHome((8_192, 8_000)).recommend()
        #expect(found.models.prefix(2).map(\.profile) == ["code", "general"])
        #expect(Set(found.models.map(\.profile)) == ["code", "general", "reasoning"])
        #expect(Set(found.models.map(\.model)).count == found.models.count)
        #expect(found.models.count(where: \.recommended) == 1)
    }

    @Test func `a host without a GPU gets what this machine's memory allows`() async throws {
        let tiers: [(ByteCount, String)] = [
            (6_000_000_000, "qwen2.5-coder:3b"), (10_000_000_000, "qwen2.5-coder:7b"),
            (16_000_000_000, "qwen2.5-coder:14b"), (32_000_000_000, "qwen2.5-coder:7b"),
        ]
        let found = try await GPUHome().recommend("code", place: .ram)
        let expected = tiers.last { found.machine.memory >= $0.0 }?.1
        #expect(found.models.first?.model == expected)
        #expect(found.models.allSatisfy { $0.verdict == "cpu" && $0.vramBytes == 0 })
    }

    @Test func `nothing that fits is a sentence with the least that would`() async throws {
        let small = try await GPUHome((1_000, 900)).recommend("code", place: .vram)
        #expect(small.models.isEmpty)
        let words = try #require(small.nothing)
        #expect(
            words.hasPrefix(
                "no model of the profile `code` fits: the smallest, `qwen2.5-coder:0.5b-q4_0`, wants "
            )
        )
        #expect(words.contains(" of VRAM, and 944 MB are free here"))
        let none = try await GPUHome().recommend(stack: "vllm")
        #expect(none.nothing?.contains("wants a GPU, and none is known here") == true)
    }

    @Test func `a quota is all the disk that there is`() async throws {
        let home = try GPUHome((24_564, 24_000))
        try home.home.directory.write("engine: llamacpp\nquota: 4GB\n", to: "home/stacks/llamacpp/stack.yaml")
        let found = try await home.recommend("code")
        #expect(found.machine.freeDisk == 4_000_000_000)
        #expect(found.models.allSatisfy { $0.sizeBytes <= 4_000_000_000 } && !found.models.isEmpty)
        #expect(
            found.notes == [
                "`qwen2.5-coder:32b-q4_k_m` would be recommended, but takes 20 GB, and the disk has room for 4.0 GB "
                    + "in `llamacpp`"
            ]
        )
    }

    @Test func `what is stored is told so, and is used rather than pulled`() async throws {
        let home = try GPUHome((8_192, 8_000))
        let file = try GGUFBuilder.tiny()
        let path = try home.home.directory.write(file, to: "m-q6_k.gguf")
        var options = PullOptions()
        options.name = "qwen2.5-coder:7b"
        _ = try await Pull(try home.home.reference(path.string), options).run(in: home.workspace()) { _ in }
        let first = try #require(try await home.recommend("code").models.first)
        #expect(first.stored && first.command.hasSuffix("llamacpp use qwen2.5-coder:7b-q6_k"))
    }

    @Test func `a profile that there is not, or that names what there is not, is told`() async throws {
        let home = try GPUHome()
        let unknown = await failure { try await home.recommend("codign") }
        #expect(unknown?.kind == .notFound && unknown?.hint == "did you mean `coding`?")
        try home.home.directory.write(
            "profiles: {mine: {use_cases: x, ladder: [{memory: 1GB, model: mine-q4}]}}",
            to: "home/config/profiles.yaml"
        )
        let wrong = await failure { try await home.recommend("mine") }
        #expect(
            wrong?.kind == .invalid
                && wrong?.message.contains("profiles.yaml:1:42: the catalog has no GGUF") == true
        )
        try home.home.directory.write("profiles: {mine: {use_cases: x}}", to: "home/config/profiles.yaml")
        let none = try await home.recommend("mine")
        #expect(none.nothing == "the catalog has no model of the profile `mine` that `llamacpp` could serve")
    }

    @Test func `GPUs that do not answer are told, and the memory counts`() async throws {
        let home = try GPUHome((8_192, 8_000))
        try home.home.directory.write("#!/bin/sh\necho broken\nexit 9\n", to: "bin/nvidia-smi")
        let reports = Reports()
        let found = try await home.recommend("code", reports: reports)
        #expect(found.machine.gpus.isEmpty && found.models.allSatisfy { $0.verdict == "cpu" })
        // Whether that is trouble depends on whether the machine has such a device.
        #expect(reports.warnings.allSatisfy { $0.contains("nvidia-smi") })
    }
}
