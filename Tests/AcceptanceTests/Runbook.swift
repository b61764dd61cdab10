import Platform
import SystemPackage

/// A page of `docs/runbooks`: what it has its reader type, and what it says that the reader will see.
struct Runbook: Sendable {
    /// A command with what is shown below it.
    struct Step: Sendable {
        /// The page and the line of the command.
        let place: String
        let command: String
        /// The status that the command ends with: 0, or the one that a comment behind it states.
        let status: Int32
        fileprivate(set) var shown: [String] = []
    }

    /// The name of the page.
    let name: String
    let steps: [Step]
    /// What looks like something to type and is in no block that is run.
    let others: [String]

    /// The pages that there are.
    static func all() throws -> [String] {
        try FileSystem.list(folder).filter { $0.hasSuffix(".md") }.sorted()
    }

    /// The documentation of the checkout that this was built from.
    static let documentation: FilePath = {
        var path = FilePath(#filePath)
        for _ in 0..<3 { path.removeLastComponent() }
        return path.appending("docs")
    }()

    private static let folder = documentation.appending("runbooks")

    init(reading name: String) throws {
        let bytes = try FileSystem.read(Self.folder.appending(name))
        self.init(name, text: String(decoding: bytes, as: UTF8.self))
    }

    init(_ name: String, text: String) {
        self.name = name
        var (steps, others): ([Step], [String]) = ([], [])
        var block: (indentation: Int, isTyped: Bool)?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let (place, content) = ("\(name):\(index + 1)", line.drop { $0 == " " })
            if content.hasPrefix("```") {
                let isTyped = content == "```console"
                if block == nil, !isTyped { others.append("\(place): \(content)") }
                block = block == nil ? (line.count - content.count, isTyped) : nil
            } else if let block, block.isTyped {
                let text = String(line.dropFirst(block.indentation))
                if text.hasPrefix("$ ") {
                    steps.append(Step(place, String(text.dropFirst(2))))
                } else if !steps.isEmpty {
                    steps[steps.count - 1].shown.append(text)
                }
            } else if content.hasPrefix("$ ") {
                others.append("\(place): \(content)")
            }
        }
        self.steps = steps
        self.others = others
    }
}

extension Runbook.Step {
    fileprivate init(_ place: String, _ command: String) {
        self.place = place
        self.command = command
        let comment = command.split(separator: "# status ", omittingEmptySubsequences: false)
        status = comment.count > 1 ? comment.last.flatMap { Int32($0) } ?? -1 : 0
    }

    /// Whether an output is the one that is shown: `…` stands for anything in a line and, alone, for any lines; how far
    /// columns are apart follows from what stands in them.
    func shows(_ output: String) -> Bool {
        let pattern = Self.lines(shown.joined(separator: "\n"))
        return Self.follows(Self.lines(output), pattern, isAnything: { $0 == ["…"] }) { line, pattern in
            Self.follows(line, pattern, isAnything: { $0 == "…" }, ==)
        }
    }

    /// The lines of a text without those at its end that are empty, and with one space where there are several.
    private static func lines(_ text: String) -> [[Character]] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { Array($0.split(separator: " ").joined(separator: " ")) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static func follows<Element>(
        _ elements: [Element],
        _ pattern: [Element],
        isAnything: (Element) -> Bool,
        _ matches: (Element, Element) -> Bool
    ) -> Bool {
        var (element, place) = (0, 0)
        var retry: (element: Int, place: Int)?
        while element < elements.count {
            if place < pattern.count, isAnything(pattern[place]) {
                retry = (element, place)
                place += 1
            } else if place < pattern.count, matches(elements[element], pattern[place]) {
                element += 1
                place += 1
            } else if let (from, anything) = retry {
                // What stands for anything stands for one more.
                retry = (from + 1, anything)
                (element, place) = (from + 1, anything + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy(isAnything)
    }
}
