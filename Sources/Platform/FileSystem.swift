import CLinux
import Glibc
public import SystemPackage

/// What is done to names on the disk: made, listed, linked, moved, removed.
public enum FileSystem {
    /// What lies at `path`, or `nil` if nothing does.
    public static func status(_ path: FilePath, followingLinks: Bool = true) throws(SystemError)
        -> FileStatus?
    {
        var status = stat()
        do throws(SystemError) {
            try systemCall("read the status of", path) {
                path.withPlatformString { followingLinks ? stat($0, &status) : lstat($0, &status) }
            }
        } catch {
            if error.isNotFound || error.errno == .notDirectory { return nil }
            throw error
        }
        return FileStatus(status)
    }

    /// Whether something readable by `status` lies at `path`; an error counts as no.
    public static func exists(_ path: FilePath) -> Bool {
        path.withPlatformString { access($0, F_OK) } == 0
    }

    /// The path without links in it; what is not there is an error.
    public static func resolve(_ path: FilePath) throws(SystemError) -> FilePath {
        guard let text = path.withPlatformString({ realpath($0, nil) }) else {
            throw SystemError(Errno(rawValue: errno), operation: "find", path: path)
        }
        defer { free(text) }
        return FilePath(platformString: text)
    }

    /// The directory that relative paths start from.
    public static func currentDirectory() throws(SystemError) -> FilePath {
        guard let path = getcwd(nil, 0) else {
            throw SystemError(Errno(rawValue: errno), operation: "find the working directory", path: nil)
        }
        defer { free(path) }
        return FilePath(platformString: path)
    }

    /// The path from the root on, whether or not anything is there; links in it stay.
    public static func absolute(_ path: FilePath) throws(SystemError) -> FilePath {
        path.isAbsolute ? path : try currentDirectory().pushing(path).lexicallyNormalized()
    }

    /// Makes the directory and its missing parents.
    public static func createDirectory(
        _ path: FilePath,
        permissions: FilePermissions = [.ownerReadWriteExecute, .groupReadExecute, .otherReadExecute]
    ) throws(SystemError) {
        if mkdir(path, permissions) { return }
        let reason = Errno(rawValue: errno)
        if reason == .fileExists {
            if try status(path)?.kind == .directory { return }
            throw SystemError(.notDirectory, operation: "make the directory", path: path)
        }
        guard reason == .noSuchFileOrDirectory, !path.removingLastComponent().isEmpty else {
            throw SystemError(reason, operation: "make the directory", path: path)
        }
        try createDirectory(path.removingLastComponent(), permissions: permissions)
        if !mkdir(path, permissions), errno != EEXIST {
            throw SystemError(Errno(rawValue: errno), operation: "make the directory", path: path)
        }
    }

    private static func mkdir(_ path: FilePath, _ permissions: FilePermissions) -> Bool {
        path.withPlatformString { Glibc.mkdir($0, permissions.rawValue) } == 0
    }

    /// The names in a directory, sorted; none if it does not exist.
    public static func list(_ directory: FilePath) throws(SystemError) -> [String] {
        guard let stream = directory.withPlatformString({ opendir($0) }) else {
            let reason = Errno(rawValue: errno)
            if reason == .noSuchFileOrDirectory { return [] }
            throw SystemError(reason, operation: "list", path: directory)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Every file below `directory`, as paths relative to it, sorted; links are not followed, but named.
    public static func walk(_ directory: FilePath) throws(SystemError) -> [(path: String, status: FileStatus)]
    {
        var found: [(path: String, status: FileStatus)] = []
        for name in try list(directory) {
            let path = directory.appending(name)
            guard let status = try status(path, followingLinks: false) else { continue }
            if status.kind == .directory {
                found += try walk(path).map { ("\(name)/\($0.path)", $0.status) }
            } else {
                found.append((name, status))
            }
        }
        return found
    }

    /// Gives a file a second name; fails if the name is taken.
    public static func link(_ path: FilePath, as other: FilePath) throws(SystemError) {
        try systemCall("link", other) {
            path.withPlatformString { from in other.withPlatformString { Glibc.link(from, $0) } }
        }
    }

    /// Moves a name to another place on the same filesystem, replacing what was there.
    public static func rename(_ path: FilePath, to other: FilePath) throws(SystemError) {
        try systemCall("move to", other) {
            path.withPlatformString { from in other.withPlatformString { Glibc.rename(from, $0) } }
        }
    }

    /// Swaps what two names stand for, in one step.
    public static func exchange(_ path: FilePath, _ other: FilePath) throws(SystemError) {
        try systemCall("exchange", other) {
            path.withPlatformString { from in
                other.withPlatformString { linux_exchange(from, $0) }
            }
        }
    }

    /// Copies a file's content to a name that must not exist, sharing blocks where the filesystem can, and syncs it.
    public static func copy(_ path: FilePath, to other: FilePath) throws(SystemError) {
        let source = try File(path, .read)
        let target = try File(other, .create)
        do throws(SystemError) {
            try copy(source, to: target)
            try target.synchronize()
        } catch {
            try? remove(other)
            throw error
        }
    }

    private static func copy(_ source: File, to target: File) throws(SystemError) {
        do throws(SystemError) {
            var count = 1
            while count > 0 {
                count = try systemCall("copy to", target.path) {
                    linux_copy(source.descriptor, target.descriptor, 1 << 30)
                }
            }
        } catch {
            // Between two kinds of filesystem the kernel does not copy: the bytes go through this process.
            guard [.improperLink, .invalidArgument, .noFunction, .notSupported].contains(error.errno) else {
                throw error
            }
            var offset: Int64 = 0
            while case let bytes = try source.read(at: offset, count: 1 << 20), !bytes.isEmpty {
                try target.write(bytes.span.bytes, at: offset)
                offset += Int64(bytes.count)
            }
        }
    }

    /// Removes a file, a link or a whole directory; what is not there is not missed.
    ///
    /// Links are not followed.
    public static func remove(_ path: FilePath) throws(SystemError) {
        guard let status = try status(path, followingLinks: false) else { return }
        if status.kind == .directory {
            for name in try list(path) { try remove(path.appending(name)) }
            try systemCall("remove", path) { path.withPlatformString { rmdir($0) } }
        } else {
            try systemCall("remove", path) { path.withPlatformString { unlink($0) } }
        }
    }

    /// Removes a directory if nothing is in it; tells whether it did.
    @discardableResult
    public static func removeIfEmpty(_ directory: FilePath) -> Bool {
        directory.withPlatformString { rmdir($0) } == 0
    }

    /// Waits until the names in a directory are on the disk.
    public static func synchronize(_ directory: FilePath) throws(SystemError) {
        let descriptor = try systemCall("open", directory) {
            directory.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        }
        defer { close(descriptor) }
        try systemCall("sync", directory) { fsync(descriptor) }
    }

    /// The content of a small file; a larger one than `limit` is an error, not an allocation.
    public static func read(_ path: FilePath, limit: ByteCount = 16_000_000) throws(SystemError) -> [UInt8] {
        let file = try File(path, .read)
        let status = try file.status()
        guard status.kind == .file else {
            let reason: Errno = status.kind == .directory ? .isDirectory : .invalidArgument
            throw SystemError(reason, operation: "read", path: path)
        }
        let size = status.size
        guard size <= limit else { throw SystemError(.fileTooLarge, operation: "read", path: path) }
        // Files of /proc have no size; they are read up to the limit.
        return try file.read(at: 0, count: Int(size.bytes == 0 ? min(limit.bytes, 65_536) : size.bytes))
    }

    /// Puts `bytes` at `path` whole or not at all: written beside it, synced, renamed.
    ///
    /// What is not written `durably` survives the end of the process and not that of the machine's power. What takes the
    /// place of a file is `like` it: of the same owner and mode.
    public static func write(
        _ bytes: [UInt8],
        to path: FilePath,
        permissions: FilePermissions = .shared,
        like status: FileStatus? = nil,
        durably: Bool = true
    ) throws(SystemError) {
        let beside = path.removingLastComponent()
            .appending(
                ".\(path.lastComponent?.string ?? "file").\(getpid()).\(UInt32.random(in: 0 ... .max))"
            )
        do throws(SystemError) {
            // Before anything is in it, nobody else may open it who might not have opened the old one.
            let file = try File(beside, .create, permissions: status == nil ? permissions : .ownerReadWrite)
            if let status { try file.adopt(status) }
            try file.write(bytes.span.bytes, at: 0)
            if durably { try file.synchronize() }
            try rename(beside, to: path)
        } catch {
            try? remove(beside)
            throw error
        }
        if durably { try synchronize(path.removingLastComponent()) }
    }
}
