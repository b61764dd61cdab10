import Console
import Operations
import Platform

/// How a failure meets the person and the script that asked.
enum Exit {
    /// Says what failed and what to type next, as the options among what was typed want it.
    static func report(_ failure: Failure, typed: [String]) {
        let options = typed.prefix { $0 != "--" }
        let verbose = options.contains { $0 == "-v" || $0 == "--verbose" }
        let terminal = Terminal.standardError(color: color(options))
        if has(options, "--progress", ProgressMode.json.rawValue) {
            return terminal.say(FailureEvent(failure, verbose: verbose).line)
        }
        var text = "\(terminal.style.red("error")): \(sanitized(failure.message))\n"
        if verbose, let cause = failure.cause { text += "\ncause: \(sanitized("\(cause)"))\n" }
        if let hint = failure.hint { text += "\n\(terminal.style.cyan("hint")): \(sanitized(hint))\n" }
        terminal.say(text)
    }

    private static func color(_ options: ArraySlice<String>) -> ColorChoice {
        ColorChoice.allCases.first { has(options, "--color", $0.rawValue) } ?? .auto
    }

    private static func has(_ options: ArraySlice<String>, _ name: String, _ value: String) -> Bool {
        options.contains("\(name)=\(value)")
            || zip(options, options.dropFirst()).contains { $0 == (name, value) }
    }
}

/// A failure among the lines of `--progress json`.
struct FailureEvent: Encodable {
    private let event = "error"
    private let message: String
    private let hint: String?
    private let cause: String?
    private let status: Int32

    init(_ failure: Failure, verbose: Bool) {
        (message, hint, status) = (failure.message, failure.hint, failure.kind.exitStatus)
        cause = verbose ? failure.cause.map { "\($0)" } : nil
    }

    /// The line, ended.
    var line: String {
        guard let line = try? JSON.encodeLine(self) else {
            preconditionFailure("texts and numbers have a JSON")
        }
        return String(decoding: line, as: UTF8.self) + "\n"
    }
}

extension Failure.Kind {
    /// What a script sees; the table is in docs/exit-status.md.
    var exitStatus: Int32 {
        switch self {
        case .failed: 1
        case .usage: 64
        case .notFound: 2
        case .conflict: 3
        case .invalid: 4
        case .refused: 5
        case .unavailable: 6
        case .noSpace: 7
        case .unsupported: 8
        case .notReady: 9
        case .cancelled: 130
        }
    }
}
