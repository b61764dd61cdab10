import ArgumentParser
import Catalog
import Operations
import Platform
import SystemPackage

/// What was typed, put in the order that the parser knows: `stackctl --json mistral ls` is `ls --json --stack mistral`.
struct Invocation {
    /// The verb and all that belongs to it.
    let arguments: [String]

    /// The options that every verb has and that take a value.
    private static let valued = ["--home", "--stack", "-s", "--color", "--progress"]

    init(_ typed: [String], environment: Environment) throws {
        var rest = typed[...]
        var options = Self.takeOptions(&rest)
        guard let word = rest.first, !Self.asksForHelp(options) else {
            arguments = Array(options.filter { Self.isHelp($0) || $0 == "--version" }.prefix(1)) + Array(rest)
            return
        }
        if Self.verbs.contains(word) {
            arguments = Self.arrange(rest, options)
            return
        }
        guard let stack = try Self.stack(word, typed, environment) else {
            throw Self.unknown(word, typed, environment)
        }
        rest = rest.dropFirst()
        options += Self.takeOptions(&rest)
        guard let verb = rest.first, !Self.asksForHelp(options) else {
            arguments = ["--help"]
            return
        }
        guard Self.verbs.contains(verb) else {
            if let other = try Self.stack(verb, typed, environment) {
                throw ValidationError("two stacks are named: `\(word)` and `\(other)`")
            }
            throw Self.unknown(verb, typed, environment)
        }
        if let other = Self.namedStack(options), other != word, other != stack {
            throw ValidationError("two stacks are named: `\(other)` and `\(word)`")
        }
        arguments = Self.arrange(rest, options + ["--stack", stack])
    }

    private static let verbs = Set(
        Stackctl.configuration.subcommands.map { $0._commandName } + ["help"]
            + Stackctl.configuration.groupedSubcommands.flatMap { $0.subcommands.map { $0._commandName } }
    )

    private static func isHelp(_ option: String) -> Bool {
        ["-h", "--help", "-help", "--help-hidden"].contains(option)
    }

    private static func asksForHelp(_ options: [String]) -> Bool {
        options.contains { isHelp($0) || $0 == "--version" }
    }

    /// Takes the options off the front.
    private static func takeOptions(_ rest: inout ArraySlice<String>) -> [String] {
        var options: [String] = []
        while let option = rest.first, option.hasPrefix("-"), option != "--", option != "-" {
            options.append(option)
            rest = rest.dropFirst()
            if valued.contains(option), let value = rest.first {
                options.append(value)
                rest = rest.dropFirst()
            }
        }
        return options
    }

    private static func namedStack(_ options: [String]) -> String? {
        options.indices.last { ["--stack", "-s"].contains(options[$0]) && $0 + 1 < options.count }.map {
            options[$0 + 1]
        }
    }

    /// Puts the options behind the verb's own words, and before a `--`.
    private static func arrange(_ words: ArraySlice<String>, _ options: [String]) -> [String] {
        if words.first == "help" { return Array(words) }
        // What follows its first word is another program's, with or without a `--`.
        if words.first == "exec" { return ["exec"] + options + Array(words.dropFirst()) }
        let end = words.firstIndex(of: "--") ?? words.endIndex
        return Array(words[..<end]) + options + Array(words[end...])
    }

    private static func home(_ typed: [String], _ environment: Environment) throws -> Home {
        var flag: String?
        for (index, word) in typed.enumerated() {
            if word == "--" { break }
            if word == "--home", index + 1 < typed.count { flag = typed[index + 1] }
            if word.hasPrefix("--home=") { flag = String(word.dropFirst("--home=".count)) }
        }
        return Home.locate(flag: flag, environment: environment, workingDirectory: try workingDirectory())
    }

    private static func stack(_ word: String, _ typed: [String], _ environment: Environment) throws -> String?
    {
        let home = try home(typed, environment)
        do throws(DeclarationError) { return try home.stack(named: word)?.name } catch {
            throw Failure(declaration: error)
        }
    }

    private static func unknown(_ word: String, _ typed: [String], _ environment: Environment) -> any Error {
        let stacks = ((try? home(typed, environment).stacks()) ?? []).map(\.name)
        let near = nearestNames(to: word, in: verbs.union(stacks))
        let hint =
            near.isEmpty
            ? "see `stackctl --help`" : "did you mean \(near.map { "`\($0)`" }.joined(separator: " or "))?"
        return ValidationError("`\(word)` is neither a verb nor a stack\n\nhint: \(hint)")
    }
}

/// The working directory, or the root where it was removed under us.
func workingDirectory() throws -> FilePath {
    do throws(SystemError) { return try FileSystem.currentDirectory() } catch {
        if error.isNotFound { return "/" }
        throw error
    }
}
