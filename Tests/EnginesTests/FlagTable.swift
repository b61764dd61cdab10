import Catalog
import Platform
import SystemPackage

/// The options that an engine accepts in the version of the fixture.
struct FlagTable {
    struct Flag {
        var isRemoved = false
        var values: ClosedRange<Int>
        var choices: [String]?
    }

    private(set) var flags: [String: Flag] = [:]
    let engine: EngineName

    init(_ engine: EngineName) throws {
        self.engine = engine
        let folder = FilePath(#filePath).removingLastComponent().appending("Fixtures")
        func table<Row: Decodable>(_ name: String, of type: Row.Type) throws -> [Row] {
            try JSON.decode([Row].self, from: FileSystem.read(folder.appending("\(name).json")))
        }
        switch engine {
        case .llamacpp:
            for row in try table("llama-server-b11434", of: LlamaRow.self) {
                let count = row.arg.map { $0.split(separator: " ").count } ?? 0
                let flag = Flag(isRemoved: row.removed, values: count...count)
                for name in row.flags { flags[name] = flag }
            }
        case .vllm:
            for row in try table("vllm-0.33.0", of: VLLMRow.self) {
                let values =
                    switch row.nargs {
                    case nil: 1...1
                    case "+": 1...99
                    case "?": 0...1
                    case let count?: (Int(count) ?? 0)...(Int(count) ?? 0)
                    }
                for name in row.flags { flags[name] = Flag(values: values, choices: row.choices) }
            }
        case .mistralrs:
            for row in try table("mistralrs-0.9.2+7", of: MistralRow.self) {
                let count = row.flag.contains("<") ? 1 : 0
                let names = row.flag.split(separator: " <")[0].split(separator: ", ")
                for name in names { flags[String(name)] = Flag(values: count...count) }
            }
        }
    }

    /// What the engine would complain about in these words; the leading ones are the program and what it is
    /// pointed at.
    func complaints(about argv: [String], leading: Int) -> [String] {
        var complaints: [String] = []
        var seen: Set<String> = []
        var rest = argv.dropFirst(leading)
        while let word = rest.popFirst() {
            guard let flag = flags[word], word.hasPrefix("-") else {
                complaints.append("unknown: \(word)")
                continue
            }
            if flag.isRemoved { complaints.append("removed: \(word)") }
            if !seen.insert(word).inserted { complaints.append("twice: \(word)") }
            let values = rest.prefix { flags[$0] == nil }.prefix(flag.values.upperBound)
            if !flag.values.contains(values.count) { complaints.append("\(values.count) values: \(word)") }
            if let choices = flag.choices, !values.allSatisfy(choices.contains) {
                complaints.append("not a choice: \(word) \(values)")
            }
            rest = rest.dropFirst(values.count)
        }
        return complaints
    }
}

private struct LlamaRow: Decodable {
    let flags: [String]
    let arg: String?
    let removed: Bool
}

private struct VLLMRow: Decodable {
    let flags: [String]
    let nargs: String?
    let choices: [String]?
}

private struct MistralRow: Decodable {
    let flag: String
}
