import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// `recommend` and `select` as the built program does them.
struct SelectTests {
    private static let repository = "Qwen/Qwen2.5-Coder-7B-Instruct-GGUF"
    private static let visible = "qwen2.5-coder-7b/gguf/q6_k/qwen2.5-coder-7b-instruct-q6_k.gguf"

    /// A home on a machine that says it has a GPU of 8 GiB.
    private func gpuHome() throws -> CommandLineHome {
        let home = try CommandLineHome(
            StubRepository(
                Self.repository,
                files: ["qwen2.5-coder-7b-instruct-q6_k.gguf": try largeGGUF(mebibytes: 1)]
            ),
            StubRepository(
                "Qwen/Qwen2.5-Coder-3B-Instruct-GGUF",
                files: ["qwen2.5-coder-3b-instruct-q8_0.gguf": .bytes(try GGUFBuilder.tiny())]
            )
        )
        let script = """
            #!/bin/sh
            case $* in
            --query-gpu=*) echo '0, GPU-1, 8192, 8000, 550.54.15, [N/A], 8.9, NVIDIA GeForce RTX 4060' ;;
            --query-compute-apps=*) ;;
            *) echo 'CUDA Version: 12.4' ;;
            esac

            """
        let path = try home.directory.write(script, to: "bin/nvidia-smi")
        try #require(chmod(path.string, 0o755) == 0)
        return home
    }

    private func path(_ home: CommandLineHome) -> [String: String] {
        ["PATH": "\(home.directory.appending("bin")):/usr/bin:/bin", "NO_COLOR": "1"]
    }

    /// Runs `select` on a terminal and types an answer to each question.
    private func select(
        _ home: CommandLineHome,
        _ arguments: [String] = [],
        verb: String = "select",
        columns: UInt16 = 120,
        answers: [(after: String, typed: String)]
    ) async throws -> BinaryRun.Result {
        let profile = verb == "select" ? ["--profile", "coding"] : []
        let run = try home.start(
            ["llamacpp", verb] + profile + arguments,
            environment: path(home),
            terminal: .init(columns: columns)
        )
        for (after, typed) in answers {
            #expect(try await run.waitUntil { $0.output.contains(after) }, "\(run.output)")
            run.type(typed)
        }
        return try await run.finish()
    }

    @Test(arguments: [40, 80, 120])
    func `the menu shows the host, marks what is recommended, and Enter pulls it`(columns: Int) async throws {
        let home = try gpuHome()
        let result = try await select(
            home,
            columns: UInt16(columns),
            answers: [("Enter is 1] ", "\n"), ("now, in llamacpp? [y/N] ", "n\n")]
        )
        #expect(result.status == 0, "\(result.output)")
        #expect(try home.visibleFiles().contains(Self.visible))
        let rows = ScreenText(result.output, columns: columns).rows
        #expect(rows[0].hasPrefix("RAM") && rows[0].contains("GB"))
        #expect(rows[1].hasPrefix("GPU   8.4 GB of 8.6 GB free, NVIDIA G"))
        #expect(rows[2].hasPrefix("disk") && rows[2].hasSuffix("free in llamacpp"))
        #expect(rows[4].hasPrefix("#   MODEL") && rows[4].contains("QUANT"))
        #expect(rows[5].hasPrefix("1*  qwen2.5-coder:7b    q6_k"), "\(rows[5])")
        #expect(rows[6].hasPrefix("2   qwen2.5-coder:3b    q8_0"), "\(rows[6])")
        #expect(rows.contains("* recommended"))
        #expect(rows[5].contains("code: the largest that fits on the GPU") == (columns >= 100))
        // No line of the menu is longer than the terminal.
        #expect(rows.prefix(12).allSatisfy { $0.count <= columns })
    }

    @Test func `a number takes another one, and what is pulled is marked the next time`() async throws {
        let home = try gpuHome()
        let other = try await select(home, answers: [("Enter is 1] ", "9\n2\n"), ("[y/N] ", "\n")])
        #expect(other.status == 0 && other.output.contains("A number from 1 to 6"))
        #expect(other.output.contains("qwen2.5-coder:3b gguf q8_0 pulled"))
        #expect(try !home.visibleFiles().contains(Self.visible))
        let again = try await select(home, answers: [("Enter is 1] ", "q\n")])
        #expect(
            again.output.contains("2+  qwen2.5-coder:3b") && again.output.contains("* recommended, + pulled")
        )
    }

    @Test(arguments: [("q\n", Int32(0)), ("\u{3}", 130), ("\u{4}", 130)])
    func `none, an interruption and an end of the input change nothing`(typed: String, status: Int32)
        async throws
    {
        let home = try gpuHome()
        let result = try await select(home, answers: [("Enter is 1] ", typed)])
        #expect(result.status == status, "\(result.output)")
        #expect(result.output.contains("nothing was changed"))
        #expect(try home.visibleFiles().isEmpty && home.hub.requests().isEmpty)
    }

    @Test func `an interruption of the offer leaves what was pulled`() async throws {
        let home = try gpuHome()
        let result = try await select(home, answers: [("Enter is 1] ", "\n"), ("[y/N] ", "\u{3}")])
        #expect(result.status == 130 && result.output.contains("is pulled, and what is served is as it was"))
        #expect(try home.visibleFiles().contains(Self.visible))
    }

    @Test func `yes takes the recommended one without a terminal and serves nothing`() async throws {
        let home = try gpuHome()
        let result = try await home.run(
            "select",
            "--profile",
            "coding",
            "--yes",
            "--json",
            environment: path(home)
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(try AnyJSON(result.output)["pulled"]?["model"] == .string("qwen2.5-coder:7b"))
        #expect(try AnyJSON(result.output)["used"] == nil)
        #expect(try home.visibleFiles().contains(Self.visible))
        let again = try await home.run("select", "--profile", "coding", "--yes", environment: path(home))
        #expect(again.status == 0 && again.errors.contains("is stored already"))
    }

    @Test func `a dry run tells what would be pulled`() async throws {
        let home = try gpuHome()
        let result = try await home.run(
            "select",
            "--profile",
            "coding",
            "--yes",
            "-n",
            environment: path(home)
        )
        #expect(
            result.status == 0 && result.output.contains("1.0 MB to fetch"),
            "\(result.output)\(result.errors)"
        )
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `without a terminal there is an error that names what a script does`() async throws {
        let home = try gpuHome()
        let result = try await home.run("select", environment: path(home))
        #expect(result.status == 64 && result.output.isEmpty)
        #expect(result.errors.contains("the menu needs a terminal to choose on"))
        #expect(result.errors.contains("recommend --json") && result.errors.contains("pull MODEL"))
        let use = try await home.run("use", environment: path(home))
        #expect(use.status == 64 && use.errors.contains("Missing expected argument '<model>'"))
        #expect(use.errors.contains("hint: name the model; the menu needs a terminal to choose on"))
    }

    @Test func `use without a model asks which`() async throws {
        let home = try gpuHome()
        let none = try await select(home, verb: "use", answers: [("Enter is 1] ", "q\n")])
        #expect(none.status == 0 && none.output.contains("nothing was changed"))
        // There is no engine here: it comes as far as that.
        let chosen = try await select(home, verb: "use", answers: [("Enter is 1] ", "\n")])
        #expect(chosen.status == 6, "\(chosen.output)")
    }

    @Test func `a recommendation is a table for people, a list for scripts, and names when quiet`()
        async throws
    {
        let home = try gpuHome()
        let table = try await home.run("recommend", "--profile", "coding", environment: path(home))
        #expect(table.status == 0 && table.output.hasPrefix("MODEL "))
        #expect(
            table.errors.contains(
                "hint: `stackctl llamacpp pull qwen2.5-coder:7b-q6_k` (code: the largest"
            )
        )
        let list = try await home.run("recommend", "--profile", "coding", "--json", environment: path(home))
        let models = try AnyJSON(list.output).elements
        #expect(models.count == 6 && models[0]["recommended"] == .bool(true) && list.errors.isEmpty)
        #expect(
            models[0].keys == [
                "stack", "profile", "model", "quant", "format", "parameters", "gated", "sizeBytes",
                "needBytes",
                "ramBytes", "vramBytes", "contextLength", "verdict", "gpuLayers", "layers", "recommended",
                "stored",
                "reason", "command",
            ]
        )
        let names = try await home.run("recommend", "--profile", "coding", "--quiet", environment: path(home))
        #expect(
            names.output.hasPrefix("qwen2.5-coder:7b-q6_k\nqwen2.5-coder:3b-q8_0\n")
                && names.errors.isEmpty
        )
        let ram = try await home.run("recommend", "--for", "ram", "--json", environment: path(home))
        #expect(try AnyJSON(ram.output).elements.allSatisfy { $0["verdict"] == .string("cpu") })
        #expect(try await home.run("recommend", "--for", "disk", environment: path(home)).status == 64)
        #expect(try await home.run("recommend", "--profile", "x", environment: path(home)).status == 2)
    }

    @Test func `nothing that fits is an empty list, and status 0`() async throws {
        let home = try gpuHome()
        try FileSystem.remove(home.directory.appending("bin"))
        let result = try await home.run("recommend", "--for", "vram", "--json", environment: path(home))
        #expect(try result.status == 0 && AnyJSON(result.output).elements.isEmpty)
        #expect(result.errors.contains("wants a GPU, and none is known here"))
        let select = try await home.run("vllm", "select", "--yes", environment: path(home))
        #expect(select.status == 2 && select.errors.contains("wants a GPU"))
    }
}

/// The menu, as far as the model's first answer.
@Suite(.llamaServer)
struct SelectToServeTests {
    private static let models = """
        models:
          alpha:
            use_cases: [mine]
            gguf: {repository: me/alpha-GGUF, file: "alpha-{quant}.gguf", quants: [f16]}
            parameters: 1000000
            layers: 2
            heads: 2
            head_size: 16
            context: 512

        """

    @Test func `a model is chosen from the menu and serves`() async throws {
        try await LlamaStackHome.with { stack in
            try stack.home.directory.write(Self.models, to: "home/config/models.yaml")
            try stack.home.directory.write(
                "profiles: {mine: {use_cases: mine}}",
                to: "home/config/profiles.yaml"
            )
            let run = try stack.start(["select", "--profile", "mine"], terminal: .init(columns: 80))
            #expect(try await run.waitUntil { $0.output.contains("Enter is 1] ") }, "\(run.output)")
            #expect(run.output.contains("1*+"))
            run.type("\n")
            #expect(try await run.waitUntil { $0.output.contains("[y/N] ") }, "\(run.output)")
            run.type("y\n")
            let result = try await run.finish(timeout: .seconds(180))
            #expect(
                result.status == 0 && result.output.contains("alpha gguf f16 answers"),
                "\(result.output)"
            )
            #expect(try await stack.firstWord() == "alpha")
        }
    }
}
