import Console
import Glibc
import Platform
import Testing

struct PromptTests {
    private let pseudoterminal: Pseudoterminal
    private let prompt: Prompt

    init() throws {
        pseudoterminal = try Pseudoterminal(columns: 80)
        let terminal = Terminal(descriptor: pseudoterminal.program, environment: [:])
        prompt = Prompt(input: pseudoterminal.program, output: terminal)
    }

    @Test(arguments: [
        ("y\n", true), ("YES\n", true), ("  yes \n", true), ("n\n", false), ("\n", false), ("yep\n", false),
        ("ja\n", false),
    ])
    func `only yes is yes`(_ typed: String, _ answer: Bool) async throws {
        pseudoterminal.type(typed)
        #expect(try await prompt.confirm("Remove llama3:8b?") == answer)
        #expect(try await pseudoterminal.shown(until: "[y/N] ").contains("Remove llama3:8b? [y/N] "))
    }

    @Test func `a number outside the menu is asked for again`() async throws {
        pseudoterminal.type("0\nseven\n4\n3\n")
        #expect(try await prompt.number("Which?", upTo: 3, usually: 1) == 3)
        #expect(try await pseudoterminal.shown(until: "q for none").contains("Which? [1-3, q; Enter is 1] "))
    }

    @Test(arguments: [("\n", 2), ("  \n", 2), ("q\n", nil), ("Q\n", nil), ("1\n", 1)])
    func `an empty answer is the usual one, and q is none`(_ typed: String, _ number: Int?) async throws {
        pseudoterminal.type(typed)
        #expect(try await prompt.number("Which?", upTo: 3, usually: 2) == number)
    }

    @Test func `the end of the input is no answer`() async throws {
        pseudoterminal.type("\u{04}")
        await #expect(throws: PromptError.ended) { try await prompt.confirm("Sure?") }
    }

    @Test func `an interruption ends the waiting`() async throws {
        let question = Task { try await prompt.confirm("Sure?") }
        _ = try await pseudoterminal.shown(until: "[y/N] ")
        question.cancel()
        await #expect(throws: PromptError.cancelled) { try await question.value }
        // What is said next has a line of its own.
        #expect(try await pseudoterminal.shown(until: "\n").hasSuffix("\r\n"))
    }

    @Test func `nobody is asked where no terminal is`() async throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let terminal = Terminal(descriptor: pseudoterminal.program, environment: [:])
        let file = Terminal(descriptor: ends[1], environment: [:])
        for prompt in [
            Prompt(input: ends[0], output: terminal), Prompt(input: pseudoterminal.program, output: file),
        ] {
            #expect(!prompt.isPossible)
            await #expect(throws: PromptError.notATerminal) { try await prompt.confirm("Sure?") }
        }
    }

    @Test func `a question cannot send a sequence`() async throws {
        pseudoterminal.type("y\n")
        #expect(try await prompt.confirm("Remove \u{1B}[2J?"))
        let shown = try await pseudoterminal.shown(until: "[y/N] ")
        #expect(!shown.contains("\u{1B}"))
    }
}
