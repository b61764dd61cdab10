import Platform
import SystemPackage

/// What is known of a partial beyond its bytes: which content they are for, which of them are here, and whether all
/// were verified.
struct Journal: Codable, Equatable {
    /// The declared hashes of the parts, in order: bytes for another content are worth nothing.
    var content: [String]
    /// The length of the whole.
    var size: ByteCount
    /// The first places and the ends of the runs of bytes that are here.
    var done: [[Int64]] = []
    /// The run of the machine in which this is true; always, if there is none.
    var boot: String?
    /// The SHA-256 of the whole, once it was verified.
    var verified: String?

    init(_ file: RemoteFile) {
        content = file.parts.map(\.declared)
        size = file.size
    }

    /// The bytes that are here; what no ledger could have written counts as nothing.
    var here: RangeSet<Int64> {
        get {
            RangeSet(
                done.compactMap { ends in
                    guard ends.count == 2, 0 <= ends[0], ends[0] < ends[1], ends[1] <= size.bytes else {
                        return nil
                    }
                    return ends[0]..<ends[1]
                }
            )
        }
        set { done = newValue.ranges.map { [$0.lowerBound, $0.upperBound] } }
    }

    // MARK: On the disk

    /// The journals of a directory that are true now: the one that outlives a power cut, and the newer one that
    /// outlives the process only.
    static func load(from directory: FilePath) -> [Journal] {
        ["journal.json", "recent.json"].compactMap { name in
            guard let bytes = try? FileSystem.read(directory.appending(name)) else { return nil }
            // The recent one is written over: behind its line may be the end of an older one.
            let line = name == "recent.json" ? Array(bytes.prefix { $0 != UInt8(ascii: "\n") }) : bytes
            guard let journal = try? JSON.decode(Journal.self, from: line),
                journal.boot == nil || journal.boot == Machine.bootID
            else { return nil }
            return journal
        }
    }

    /// Writes the journal; one that is not written `durably` is true until the machine stops.
    func save(in directory: FilePath, durably: Bool) throws(SystemError) {
        var journal = self
        if !durably { journal.boot = Machine.bootID ?? "unknown" }
        guard let bytes = try? JSON.encode(journal) else {
            preconditionFailure("a journal holds only what JSON can say")
        }
        try FileSystem.write(bytes, to: directory.appending("journal.json"), durably: durably)
    }

    /// Writes what is true until the machine stops, beside the durable journal and without a new file each time.
    func saveRecent(in directory: FilePath) throws(SystemError) {
        var journal = self
        journal.boot = Machine.bootID ?? "unknown"
        guard let line = try? JSON.encodeLine(journal) else {
            preconditionFailure("a journal holds only what JSON can say")
        }
        let file = try File(directory.appending("recent.json"), .update)
        try file.write(line + [UInt8(ascii: "\n")], at: 0)
    }

    static func remove(from directory: FilePath) throws(SystemError) {
        try FileSystem.remove(directory.appending("journal.json"))
        try FileSystem.remove(directory.appending("recent.json"))
    }
}

extension RemotePart {
    fileprivate var declared: String {
        switch content {
        case .sha256(let digest): "\(digest)"
        case .gitBlob(let digest): "git:\(digest.hex)"
        }
    }
}
