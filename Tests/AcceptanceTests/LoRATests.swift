import Platform
import SystemPackage
import TestSupport
import Testing

/// `lora` as the built program does it.
struct LoRATests {
    /// A home with the tiny model stored.
    private func home() async throws -> CommandLineHome {
        let home = try CommandLineHome()
        for (path, bytes) in try SampleModel.files() where path.hasSuffix("-q8_0.gguf") {
            try home.directory.write(bytes, to: FilePath(path).lastComponent?.string ?? "")
        }
        let file = home.directory.appending("tiny-llama-q8_0.gguf").string
        #expect(try await home.run("llamacpp", "pull", file, "--as", "tiny", "-q").status == 0)
        return home
    }

    @Test func `a relative path means the working directory, and is written as what it means anywhere`()
        async throws
    {
        let home = try await home()
        let file = home.directory.appending("work/out/sql.gguf")
        try home.directory.write(try SampleAdapter().gguf(), to: "work/out/sql.gguf")
        let added = try await home.run("llamacpp", "lora", "add", "tiny", "sql=./out/sql.gguf", "--json")
        #expect(added.status == 0, "\(added.errors)")
        #expect(added.output.contains(#""source" : "\#(file)""#))
        let text = try FileSystem.read(home.home.appending("config/models/tiny.yaml"))
        #expect(String(decoding: text, as: UTF8.self).contains(#"source: "\#(file)""#))
        // Said in another way it is the same adapter, and the same entry.
        let same = try await home.run(
            "llamacpp",
            "lora",
            "add",
            "tiny",
            "sql=./out/../out/sql.gguf",
            "--json"
        )
        #expect(same.output.contains(#""changed" : false"#), "\(same.errors)")
        let launch = try await home.shell("cd / && stackctl llamacpp launch tiny --format json")
        #expect(launch.output.contains("/sql.gguf"), "\(launch.errors)")
    }

    @Test func `a strength below nothing is one, and one that means nothing is a mistake of usage`()
        async throws
    {
        let home = try await home()
        try home.directory.write(try SampleAdapter().gguf(), to: "work/sql.gguf")
        let below = try await home.run("llamacpp", "lora", "add", "tiny", "sql=./sql.gguf", "--scale", "-0.5")
        #expect(below.status == 0, "\(below.errors)")
        #expect(try await home.run("llamacpp", "launch", "tiny").output.contains("/sql.gguf:-0.5"))
        for scale in ["1e9", "nan", "-101", "strong"] {
            let refused = try await home.run(
                "llamacpp",
                "lora",
                "add",
                "tiny",
                "sql=./sql.gguf",
                "--scale",
                scale
            )
            #expect(refused.status == 64, "\(scale)")
        }
    }

    @Test func `a model without adapters prints an empty list`() async throws {
        let home = try await home()
        let listed = try await home.run("llamacpp", "lora", "ls", "tiny", "--json")
        #expect((listed.status, listed.output.filter { !$0.isNewline }, listed.errors) == (0, "[]", ""))
    }
}
