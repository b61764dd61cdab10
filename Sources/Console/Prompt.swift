import Glibc
import Platform

/// Why a question has no answer.
public enum PromptError: Error, Sendable, CustomStringConvertible {
    /// Nobody sits there to be asked.
    case notATerminal
    /// The input ended instead.
    case ended
    /// The task was cancelled.
    case cancelled

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .notATerminal: "not a terminal"
        case .ended: "the input ended"
        case .cancelled: "cancelled"
        }
    }
}

/// Asks the person at the terminal.
public struct Prompt: Sendable {
    private let input: Descriptor
    private let output: Terminal
    private static let longestAnswer = 4096

    /// Asks on `output` and reads the answer from the descriptor `input`.
    public init(input: Int32 = 0, output: Terminal) {
        self.input = Descriptor(number: input)
        self.output = output
    }

    /// Whether there is a terminal to ask on and one to answer from.
    public var isPossible: Bool { input.isTerminal && output.isTerminal }

    /// Asks a question to be answered with yes or no; anything but yes is no.
    public func confirm(_ question: String) async throws(PromptError) -> Bool {
        let answer = try await answer(to: "\(sanitized(question)) [y/N] ")
        return ["y", "yes"].contains(answer.lowercased())
    }

    /// Asks for a line of text, again where `check` has something to say against it; an empty answer is `usual`.
    public func text(
        _ question: String,
        usually usual: String,
        check: (String) -> String?
    ) async throws(PromptError) -> String {
        while true {
            let hint = usual.isEmpty ? "" : "[\(sanitized(usual))] "
            let typed = try await answer(to: "\(sanitized(question)) \(hint)")
            let text = typed.isEmpty ? usual : typed
            guard let problem = check(text) else { return text }
            output.say("\(sanitized(problem))\n")
        }
    }

    /// Asks for one of the numbers from 1 to `count`, again if it is another; an empty answer is `usual`, and `q` none.
    public func number(_ question: String, upTo count: Int, usually usual: Int) async throws(PromptError)
        -> Int?
    {
        while true {
            let answer = try await answer(to: "\(sanitized(question)) [1-\(count), q; Enter is \(usual)] ")
            if answer.isEmpty { return usual }
            if answer.lowercased() == "q" { return nil }
            if let number = Int(answer), number >= 1, number <= count { return number }
            output.say("A number from 1 to \(count), Enter for \(usual), or q for none.\n")
        }
    }

    private func answer(to question: String) async throws(PromptError) -> String {
        guard isPossible else { throw .notATerminal }
        output.say(question)
        do throws(PromptError) { return try await line() } catch {
            // What is said of it does not stand beside the question.
            output.say("\n")
            throw error
        }
    }

    private func line() async throws(PromptError) -> String {
        var line: [UInt8] = []
        while line.count < Self.longestAnswer {
            guard try await isReadable() else { continue }
            guard let byte = input.readByte() else { throw .ended }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        let text = String(decoding: line, as: UTF8.self)
        return String(text.trimmed)
    }

    /// Waits in short steps, so that an interruption is noticed.
    private func isReadable() async throws(PromptError) -> Bool {
        let input = input
        let isReady = try? await blocking { input.wait(for: POLLIN, milliseconds: 100) }
        if Task.isCancelled { throw .cancelled }
        return isReady ?? false
    }
}
