import Platform
import SystemPackage

/// What is known of a partial beyond its bytes: which content they are for, and whether they were all verified.
struct Journal: Codable, Equatable {
    /// The declared hashes of the parts, in order: bytes for another content are worth nothing.
    var content: [String]
    /// The length of the whole.
    var size: ByteCount
    /// The SHA-256 of the whole, once it was verified and synced.
    var verified: String?

    init(_ file: RemoteFile) {
        content = file.parts.map(\.declared)
        size = file.size
    }

    private static func path(_ directory: FilePath) -> FilePath { directory.appending("journal.json") }

    /// The journal in a directory, if there is one that can be read.
    static func load(from directory: FilePath) -> Journal? {
        (try? FileSystem.read(path(directory))).flatMap { try? JSON.decode(Journal.self, from: $0) }
    }

    func save(in directory: FilePath) throws(SystemError) {
        guard let bytes = try? JSON.encode(self) else {
            preconditionFailure("a journal holds only what JSON can say")
        }
        try FileSystem.write(bytes, to: Self.path(directory))
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
