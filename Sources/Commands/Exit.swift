import Console
import Operations

/// How a failure meets the person and the script that asked.
enum Exit {
    /// Says what failed and what to type next, as the options among what was typed want it.
    static func report(_ failure: Failure, typed: [String]) {
        let options = typed.prefix { $0 != "--" }
        let verbose = options.contains { $0 == "-v" || $0 == "--verbose" }
        let terminal = Terminal.standardError(color: color(options))
        var text = "\(terminal.style.red("error")): \(sanitized(failure.message))\n"
        if verbose, let cause = failure.cause { text += "\ncause: \(sanitized("\(cause)"))\n" }
        if let hint = failure.hint { text += "\n\(terminal.style.cyan("hint")): \(sanitized(hint))\n" }
        terminal.say(text)
    }

    private static func color(_ options: ArraySlice<String>) -> ColorChoice {
        for choice in ColorChoice.allCases {
            let (joined, name) = ("--color=\(choice.rawValue)", choice.rawValue)
            if options.contains(joined)
                || zip(options, options.dropFirst()).contains(where: { $0 == ("--color", name) })
            {
                return choice
            }
        }
        return .auto
    }
}

extension Failure.Kind {
    /// What a script sees; the table is in docs/exit-status.md.
    var exitStatus: Int32 {
        switch self {
        case .failed: 1
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
