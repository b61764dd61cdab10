import Catalog
import Docker
import Engines
public import FoundationEssentials
import Platform
import Store
import SystemPackage

/// A run that was given up when a model was to be served, from the log that was kept of it.
public struct GivenUpRun: Sendable, Encodable {
    /// Where it is.
    public let path: String
    /// When the run was given up.
    public let at: Date?
    /// The model that was to be served.
    public let model: String?
    /// Its format.
    public let format: String?
    /// Its quantization.
    public let quant: String?
    /// What the run ended with, if it ended.
    public let exitCode: Int?
    /// Whether the kernel killed it for the memory it took.
    public let outOfMemory: Bool
    /// Why it was given up.
    public let reason: String?
    /// Why it failed, the most telling first.
    public let findings: [Reason]
    /// The end of it.
    public let tail: [String]
    /// What to type for the model: with its quantization where several are stored.
    public var reference: String?
    /// When its container's process had ended, by the engine's clock.
    var ended: EngineTime?

    private enum CodingKeys: String, CodingKey {
        case path, at, model, format, quant, exitCode, outOfMemory, reason, findings, tail
    }
}

extension GivenUpRun {
    /// How many are looked at, the newest ones.
    private static let most = 5
    /// How many bytes at the start of a file may be its facts.
    private static let longestHead = 4096

    /// The newest ones in a stack's volume, the newest first; a log that cannot be read is reported and left out.
    static func newest(of stack: Stack, in store: ModelStore, by table: SignatureTable, report: Reporter)
        -> [GivenUpRun]
    {
        var unread: [SystemError] = []
        let runs = store.keptLogs().prefix(most).compactMap { log -> GivenUpRun? in
            do throws(SystemError) { return try GivenUpRun(log.path, of: stack, in: store, by: table) } catch
            {
                unread.append(error)
                return nil
            }
        }
        if let first = unread.first {
            let others = unread.count > 1 ? ", nor can \(unread.count - 1) more" : ""
            report(.warning("a kept log cannot be read: \(first)\(others)"))
        }
        return runs
    }

    private init(_ path: FilePath, of stack: Stack, in store: ModelStore, by table: SignatureTable)
        throws(SystemError)
    {
        let file = try File(path, .read)
        let status = try file.status()
        guard status.kind == .file else {
            throw SystemError(.invalidArgument, operation: "read", path: path)
        }
        let size = status.size.bytes
        let head = Self.facts(in: try file.read(at: 0, count: Self.longestHead))
        let start = max(Int64(head.count), size - Int64(RunLog.mostBytes))
        let facts = head.facts
        let exitCode = facts["exit"].flatMap { Int($0) }
        let run = EngineRun(
            stack.engine,
            exitCode: exitCode,
            wasOutOfMemory: facts["oom"] == "true",
            refusal: facts["refused"],
            log: RunLog(try file.read(at: start, count: RunLog.mostBytes))
        )
        let model = facts["model"].map { store.reference($0, quant: facts["quant"] ?? "") }
        let diagnosis = Diagnosis(of: run, by: table.signatures, stack: stack.name, model: model)
        self.init(
            path: path.string,
            at: Self.time(inName: path.lastComponent?.string ?? ""),
            model: facts["model"],
            format: facts["format"],
            quant: facts["quant"],
            exitCode: exitCode,
            outOfMemory: run.wasOutOfMemory,
            reason: facts["reason"],
            findings: diagnosis.findings.map { Reason($0) },
            tail: diagnosis.tail,
            reference: model,
            ended: facts["ended"].flatMap { EngineTime($0) }
        )
    }

    /// The lines `# key: value` that a file begins with, and how many bytes they take.
    private static func facts(in bytes: [UInt8]) -> (facts: [String: String], count: Int) {
        var facts: [String: String] = [:]
        var rest = bytes[...]
        while rest.first == UInt8(ascii: "#"), let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = RunLog(Array(rest[..<end])).lines.first ?? ""
            let halves = line.dropFirst().split(separator: ":", maxSplits: 1)
            guard halves.count == 2, let key = halves[0].split(separator: " ").first else { break }
            facts[String(key)] = String(halves[1].drop { $0 == " " })
            rest = rest[(end + 1)...]
        }
        return (facts, bytes.count - rest.count)
    }

    /// The time that a name such as `20261121T120000Z-qwen2.5-7b.log` begins with.
    private static func time(inName name: String) -> Date? {
        let digits = Array(name.prefix(16))
        guard digits.count == 16, digits[8] == "T", digits[15] == "Z" else { return nil }
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        let text =
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z"
        return EngineTime(text)?.date
    }
}
