import Engines
import Glibc
import Testing

struct ShellCommandTests {
    private static let hostile = [
        "", " ", "a b", "'", "''", "it's", "\"", "$HOME", "${HOME}", "$(id)", "`id`", "\\", "a\\", "\\n",
        "\n", "a\nb\n",
        "\r\n", "\t", "*", "?", "[a]", "~", "~/a", "~root", "!", "!!", "#", "a #b", ";", "a;b", "&", "&&",
        "|", "<", ">",
        "(", ")", "{a,b}", "=", "a=b", "=ls", "%s", "%", "-", "--", "-n", "-e", "--flag=value", "-rf /", "é",
        "e\u{301}",
        "模型", "🦙", "\u{1}", "\u{7F}", "\u{2028}", "$'a'", "$\"a\"", "\\'", "'\\''", "if", "@", "^", ":", ",",
        "+", ".",
        String(repeating: "ab'$ ", count: 2_000),
    ]

    @Test func `a shell takes a rendered command apart into the same words`() throws {
        let script = #"printf '%s\0' "$VALUE" "$@""#
        for word in Self.hostile {
            let argv = ["/bin/sh", "-c", script, "sh", word, "--option", word, word]
            let output = try run(ShellCommand.render(argv, environment: ["VALUE": word]))
            #expect(output == [word, word, "--option", word, word].map { Array($0.utf8) })
        }
        let all = ["/bin/sh", "-c", script, "sh"] + Self.hostile
        let output = try run(ShellCommand.render(all, environment: ["VALUE": "x"]))
        #expect(output.dropFirst().map { String(decoding: $0, as: UTF8.self) } == Self.hostile)
    }

    @Test func `any text survives`() throws {
        var state: UInt64 = 7
        for _ in 0..<50 {
            let words = (0..<20).map { _ in
                String(
                    decoding: (0..<12).map { _ -> UInt8 in
                        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        return UInt8((state >> 33) % 127) + 1
                    },
                    as: UTF8.self
                )
            }
            let output = try run(ShellCommand.render(["printf", #"%s\0"#] + words))
            #expect(output == words.map { Array($0.utf8) })
        }
    }

    @Test(arguments: ["if", "while", "A=b", "=x", "{", "~"])
    func `the program is never a word of the shell's own`(program: String) {
        #expect(ShellCommand.render([program]) == "'\(program)'")
    }

    @Test func `each option has a line, with its values`() {
        let text = ShellCommand.render(
            ["vllm", "serve", "/models/a b", "--port", "8000", "-x", "--temperature", "-1"],
            environment: ["B": "2", "A": "1 1"]
        )
        #expect(
            text == """
                A='1 1' \\
                B=2 \\
                vllm serve '/models/a b' \\
                  --port 8000 \\
                  -x \\
                  --temperature -1
                """
        )
    }

    /// What a command prints, taken apart at its zeros.
    private func run(_ command: String) throws -> [[UInt8]] {
        guard let pipe = popen(command, "r") else { throw Failed(status: errno) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { bytes += buffer[..<count] }
        let status = pclose(pipe)
        guard status == 0 else { throw Failed(status: status) }
        return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
    }

    private struct Failed: Error {
        let status: Int32
    }
}
