import Platform
import SystemPackage

/// What `nvidia-smi` answered to the question for GPUs, and how it is asked.
struct NVIDIAListing: Sendable {
    /// A column of the listing, as the tool calls it.
    enum Column: String, Sendable {
        case index, uuid, name
        case total = "memory.total"
        case free = "memory.free"
        case capability = "compute_cap"
        case partitioning = "mig.mode.current"
        case driver = "driver_version"
    }

    /// What to ask for; the name is last, so that it may contain what separates columns.
    static let mostColumns: [Column] = [
        .index, .uuid, .total, .free, .driver, .partitioning, .capability, .name,
    ]
    /// Drivers before 510 do not know the capability, and those before 450 no partitions.
    static let fewerColumns: [[Column]] = [
        [.index, .uuid, .total, .free, .driver, .partitioning, .name],
        [.index, .uuid, .total, .free, .driver, .name],
    ]
    private static let format = "--format=csv,noheader,nounits"

    static func query(_ columns: [Column]) -> [String] {
        ["--query-gpu=" + columns.map(\.rawValue).joined(separator: ","), format]
    }

    static let processQuery = ["--query-compute-apps=gpu_uuid,pid,used_memory,process_name", format]

    private typealias Row = [Column: Substring]

    private let answer: Tool.Answer
    private var rows: [Row] = []
    /// Lines that are no GPU, or one whose memory is not told.
    private var words: [Substring] = []

    init(_ answer: Tool.Answer, _ columns: [Column]) {
        self.answer = answer
        guard case .ended(_, let text) = answer else { return }
        for line in text.split(whereSeparator: \.isNewline) where !line.trimmed.isEmpty {
            let parts = Self.parts(of: line, columns.count)
            let row = Dictionary(zip(columns, parts)) { first, _ in first }
            if parts.count == columns.count, row[.index].flatMap({ Int($0) }) != nil, Self.memory(row) != nil
            {
                rows.append(row)
            } else {
                words.append(line.trimmed)
            }
        }
    }

    var hasRows: Bool { !rows.isEmpty }
    var isSilent: Bool { if case .silent = answer { true } else { false } }
    var driverVersion: String? {
        rows.lazy.compactMap { Self.known($0[.driver]) }.first.map(String.init)
    }

    func gpus(_ memory: Memory) -> [GPU] {
        rows.compactMap { row in
            guard let index = row[.index].flatMap({ Int($0) }), let own = Self.memory(row)
            else { return nil }
            return GPU(
                index: index,
                uuid: Self.known(row[.uuid]).map(String.init),
                name: Self.known(row[.name]).map { String($0.filter(\.isShown)) } ?? "NVIDIA GPU",
                vram: own.total ?? memory.installed,
                free: own.total == nil ? memory.available : own.free,
                isUnified: own.total == nil,
                isPartitioned: row[.partitioning] == "Enabled",
                computeCapability: row[.capability].flatMap { ShortVersion(parsing: $0) }
            )
        }
    }

    /// What is wrong if a tool with that answer is all there is to ask.
    func trouble(tool: FilePath, devices: Int, gpus: Int) -> GPUTrouble? {
        let words = String(self.words.prefix(8).joined(separator: " ").prefix(500).filter(\.isShown))
        switch answer {
        case .notStarted(let error): return .notStarted(error)
        case .silent(let time): return .silent(tool: tool, after: time)
        case .ended(let status, _) where status != 0:
            guard devices > 0 || !Self.saysNone(words) else { return nil }
            return .failed(tool: tool, status: status, words: words)
        case .ended:
            let isComplete = words.isEmpty ? gpus > 0 || devices == 0 : Self.saysNone(words) && devices == 0
            return isComplete ? nil : .notUnderstood(tool: tool, words: words)
        }
    }

    /// The tool's own words for a driver without a GPU, with a status that depends on its version.
    private static func saysNone(_ words: String) -> Bool { words.hasPrefix("No devices were found") }

    // MARK: Cells

    private static func parts(of line: Substring, _ count: Int) -> [Substring] {
        line.split(separator: ",", maxSplits: max(0, count - 1), omittingEmptySubsequences: false)
            .map(\.trimmed)
    }

    /// A cell's text, unless it says in brackets why there is none.
    private static func known(_ cell: Substring?) -> Substring? {
        guard let cell, !cell.isEmpty, cell.first != "[", cell != "N/A" else { return nil }
        return cell
    }

    /// A number of MiB.
    private static func size(_ cell: Substring?) -> ByteCount? {
        guard let number = cell.flatMap({ Int64($0) }), (0...(1 << 40)).contains(number) else { return nil }
        return ByteCount(number << 20)
    }

    /// The memory of a row, of which nothing is told where it is the machine's; `nil` if it cannot be known.
    private static func memory(_ row: Row) -> (total: ByteCount?, free: ByteCount?)? {
        if let total = size(row[.total]), total > 0 { return (total, size(row[.free])) }
        let isUnified = ["[N/A]", "N/A", "[Not Supported]"].contains(row[.total])
        return isUnified ? (nil, nil) : nil
    }

    // MARK: Other answers

    /// The programs of each GPU, by its name.
    static func processes(_ text: String) -> [String: [GPUProcess]] {
        var found: [String: [GPUProcess]] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = parts(of: line, 4)
            guard parts.count == 4, let gpu = known(parts[0]), let pid = Int32(parts[1]), pid > 0
            else { continue }
            let name = known(parts[3]).map { String($0.filter(\.isShown)) }
            let process = GPUProcess(pid: pid, name: name, memory: size(parts[2]))
            found[String(gpu), default: []].append(process)
        }
        return found
    }

    /// The versions in the head of the tool's summary, under the names that they had before driver 610 and have since.
    static func driver(_ text: String) -> GPUDriver? {
        func word(after labels: String...) -> Substring? {
            for label in labels {
                guard let label = text.firstRange(of: label) else { continue }
                return known(text[label.upperBound...].split(separator: " ", maxSplits: 1).first)
            }
            return nil
        }
        guard let version = word(after: "Driver Version:", "KMD Version:"), version.first?.isNumber == true
        else { return nil }
        let cuda = word(after: "CUDA Version:", "CUDA UMD Version:").flatMap { ShortVersion(parsing: $0) }
        return GPUDriver(version: String(version), cuda: cuda)
    }
}

extension Character {
    /// Whether it is a sign and no command to a terminal: what a program is called is for whoever starts it to say.
    fileprivate var isShown: Bool {
        unicodeScalars.allSatisfy { $0.value >= 32 && !(127..<160).contains($0.value) }
    }
}
