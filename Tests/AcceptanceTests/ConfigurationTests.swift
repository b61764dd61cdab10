import TestSupport
import Testing

/// What a person sees of `config`, `settings` and `launch` where nothing is done or something is missing.
struct ConfigurationTests {
    @Test func `a dry run says what would be, in words of its own`() async throws {
        let home = try CommandLineHome()
        func dry(_ words: String...) async throws -> BinaryRun.Result {
            let result = try await home.start(words + ["--dry-run"]).finish()
            #expect(result.ending == .exited(0), "\(result.errors)")
            return result
        }
        #expect(
            try await dry("config", "set", "llama3.1:8b", "context", "4096").output
                == "would set context: 4096\n"
        )
        #expect(
            try await dry("config", "unset", "llama3.1:8b", "temperature").output
                == "would remove generation.temperature\n"
        )
        #expect(try await dry("settings", "set", "top_p", "0.5").output == "would set top_p: 0.5\n")
        #expect(try await dry("settings", "unset", "top_p").output == "would remove top_p\n")
        let made = try await dry("config", "new", "llama3.1:8b")
        #expect(made.output.contains("model:") && made.errors.contains("would write "))
        try await home.run("config", "set", "llama3.1:8b", "context", "4096")
        #expect(try await dry("config", "rm", "llama3.1:8b").output.hasPrefix("would remove "))
        #expect(try await home.run("config", "get", "llama3.1:8b", "context").output == "4096\n")
        let asked = try await home.run("config", "rm", "llama3.1:8b")
        #expect(asked.ending == .exited(1) && asked.errors.contains("hint: add `--yes`"))
        #expect(try await home.run("config", "rm", "llama3.1:8b", "--yes").ending == .exited(0))
        #expect(try await home.run("config", "rm", "llama3.1:8b", "--yes").ending == .exited(2))
    }

    @Test func `a mistake in what was typed shows how the verb is used`() async throws {
        let home = try CommandLineHome()
        let cases = [
            ["config", "set", "llama3.1:8b", "context"], ["settings", "set", "top_p"], ["launch"],
            ["launch", "m", "--context-size", "many"], ["use", "m", "--set", "nosuch=1"],
        ]
        for words in cases {
            let result = try await home.start(words).finish()
            #expect(result.ending == .exited(64))
            #expect(result.errors.contains("Usage: stackctl \(words[0]) "), "\(result.errors)")
            #expect(!result.errors.contains("STACK VERB"))
        }
        let missing = try await home.run("launch")
        #expect(missing.errors.contains("stackctl ls") && missing.errors.contains("settings set model"))
    }

    @Test func `where a value is from is said in a narrow terminal too`() async throws {
        let home = try CommandLineHome()
        try await home.run("settings", "set", "top_p", "0.5")
        try await home.run("config", "set", "llama3.1:8b", "context", "4096")
        for words in [["settings", "show"], ["config", "ls"], ["config", "show", "llama3.1:8b"]] {
            let run = try home.start(words, terminal: .init(columns: 60, rows: 40))
            let result = try await run.finish()
            #expect(result.output.contains("FROM"), "\(result.output)")
            let place = words[0] == "settings" ? "config/settings" : "config/models/"
            #expect(result.output.contains(place), "\(result.output)")
            #expect(!result.output.contains("\(home.home)/config"))
        }
    }
}
