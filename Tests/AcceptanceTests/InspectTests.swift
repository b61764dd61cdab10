import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// `inspect` as a person and a script meet it.
struct InspectTests {
    @Test func `a file in the working folder, with the document that scripts rely on`() async throws {
        let home = try CommandLineHome()
        try home.directory.write(try GGUFBuilder.tiny(), to: "work/tiny.gguf")
        let result = try await home.run("inspect", "tiny.gguf", "--json", "--tensors")
        #expect(result.ending == .exited(0))
        #expect(result.errors == "")
        let document = try AnyJSON(result.output)
        #expect((document["format"], document["version"]) == (.string("gguf"), .number(3)))
        #expect(document["metadata"]?["llama.context_length"] == .number(2048))
        #expect(document["totals"]?["parameters"] == .number(4160))
        let tensors = document["tensors"]?.elements ?? []
        #expect(tensors.count == 2)
        #expect(
            tensors.allSatisfy { $0.keys.isSuperset(of: ["name", "type", "shape", "offset", "sizeBytes"]) }
        )
        #expect(try AnyJSON(try await home.run("inspect", "./tiny.gguf", "--json").output)["tensors"] == nil)
    }

    @Test func `of a model on the hub it is said how much was read, and nothing is stored`() async throws {
        let home = try CommandLineHome(
            StubRepository("org/large-GGUF", files: ["large-Q8_0.gguf": try largeGGUF(mebibytes: 30)])
        )
        let text = try await home.run("inspect", "org/large-GGUF", "--remote")
        #expect(text.ending == .exited(0))
        #expect(text.output.contains("architecture"))
        #expect(text.errors.contains("read 262 kB of 31 MB\n"))
        #expect(home.hub.bytesServed(.cdn) == 256 << 10)
        let json = try await home.run("inspect", "org/large-GGUF", "--remote", "--json", "--quiet")
        #expect(json.errors == "")
        let source = try #require(try AnyJSON(json.output)["source"])
        #expect((source["readBytes"], source["kind"]) == (.number(262_144), .string("hub")))
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `a long header comes in a few ranges over one connection`() async throws {
        var gguf = try largeHeader(mebibytes: 8)
        gguf["tokenizer.ggml.tokens"] = .array(of: .string, (0..<60_000).map { .string("token \($0)") })
        gguf["tokenizer.ggml.eos_token_id"] = .uint32(59_999)
        let home = try CommandLineHome(
            StubRepository("org/long", files: ["long-Q8_0.gguf": .bytes(GGUFBuilder.bytes(of: gguf))])
        )
        let result = try await home.run("inspect", "org/long", "--remote")
        #expect(result.output.contains("eos token 59999 (59999)"))
        #expect(home.hub.requests(.cdn).count == 3)
        #expect(home.hub.connectionCount(.cdn) == 1)
        #expect(home.hub.bytesServed(.cdn) < 3 * Int64(gguf.header().count))
    }

    @Test func `the statuses of what cannot be inspected`() async throws {
        let home = try CommandLineHome(tinyRepository(access: .gated))
        try home.directory.write("<html>login</html>", to: "work/page.gguf")
        try home.directory.write(Array(try GGUFBuilder.tiny().dropLast(9)), to: "work/cut.gguf")
        for (arguments, status, says) in [
            (["page.gguf"], 4, "is a web page"), (["cut.gguf"], 4, "ends at byte"),
            (["absent.gguf"], 2, "there is nothing at absent.gguf"), (["org/tiny-GGUF"], 2, "add `--remote`"),
            (["org/tiny-GGUF", "--remote"], 5, "is gated"), (["org/absent", "--remote"], 2, "hint: "),
            (["org/tiny-GGUF", "--revision", "v1"], 64, "`--revision` goes with `--remote`"),
        ] as [([String], Int32, String)] {
            let result = try await home.start(["inspect"] + arguments).finish()
            #expect(result.ending == .exited(status), "\(arguments)")
            #expect(result.errors.contains(says), "\(result.errors)")
            #expect(result.output == "")
        }
    }

    @Test func `on a terminal no line is wider than it, and nothing in a name commands it`() async throws {
        let home = try CommandLineHome()
        let evil = "evil\u{1B}]0;title\u{7}\u{1B}[2Jname " + String(repeating: "long ", count: 100)
        let file = try home.directory.write(
            try GGUFBuilder.tiny(extra: [("general.description", .string(evil))]),
            to: "t.gguf"
        )
        let run = try home.start(
            ["inspect", file.string, "--tensors", "--color", "never"],
            terminal: .init(columns: 60)
        )
        let result = try await run.finish()
        #expect(result.ending == .exited(0))
        let lines = result.output.split(whereSeparator: \.isNewline)
        #expect(lines.contains { $0.contains("general.description") && $0.contains("evil") })
        #expect(lines.allSatisfy { $0.count <= 60 })
        #expect(!result.output.contains("\u{1B}") && !result.output.contains("\u{7}"))
    }
}
