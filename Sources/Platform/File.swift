import CLinux
import Glibc
public import SystemPackage

/// What the kernel says of a path.
public struct FileStatus: Sendable, Equatable {
    /// What kind of thing lies there.
    public enum Kind: Sendable { case file, directory, link, other }
    /// The kind; `link` only when links were not followed.
    public let kind: Kind
    /// The length of the content.
    public let size: ByteCount
    /// What its content takes of the disk: less than its length where there are holes, more where room is reserved.
    public let allocated: ByteCount
    /// The number of names of this file.
    public let linkCount: Int
    /// Tells one file from another, together with `inode`.
    public let device: UInt64
    /// Tells one file from another, together with `device`.
    public let inode: UInt64
    /// The last change of the content, in nanoseconds since 1970.
    public let modifiedNanoseconds: Int64
    /// Who may do what with it.
    public let permissions: FilePermissions
    /// The user that it belongs to.
    let owner: UInt32
    /// The group that it belongs to.
    let group: UInt32

    /// What stays as long as nobody writes to a file or puts another one in its place, whatever the disk does with it.
    public struct Version: Sendable, Equatable {
        /// The file.
        public let device, inode: UInt64
        /// The length of its content.
        public let size: ByteCount
        /// The last change of it, in nanoseconds since 1970.
        public let modifiedNanoseconds: Int64
    }

    /// Which content this is.
    public var version: Version {
        Version(device: device, inode: inode, size: size, modifiedNanoseconds: modifiedNanoseconds)
    }

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            default: .other
            }
        size = ByteCount(Int64(status.st_size))
        allocated = ByteCount(Int64(status.st_blocks) * 512)
        linkCount = Int(status.st_nlink)
        permissions = FilePermissions(rawValue: status.st_mode & 0o7777)
        (owner, group) = (status.st_uid, status.st_gid)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        // A time that no 64 bits of nanoseconds hold is as late as can be said.
        var status = status
        let (seconds, overflow) = linux_changed_seconds(&status).multipliedReportingOverflow(
            by: 1_000_000_000
        )
        modifiedNanoseconds = overflow ? .max : seconds &+ linux_changed_nanoseconds(&status)
    }
}

/// An open file, closed when the last reference goes; reads and writes say where, so threads can share it.
public final class File: Sendable {
    /// Where it was opened.
    public let path: FilePath
    let descriptor: Int32

    /// How a file is opened.
    public enum Mode: Sendable {
        /// It must exist and is only read.
        case read
        /// It is made if missing, for its owner and group to read, and keeps what it has.
        case update
        /// It must not exist.
        case create
    }

    /// Opens a file; never follows a link in the last component when it writes.
    public init(_ path: FilePath, _ mode: Mode, permissions: FilePermissions = .shared) throws(SystemError) {
        let flags =
            switch mode {
            // A pipe in the place of a file must not be waited for.
            case .read: O_RDONLY | O_NONBLOCK
            case .update: O_RDWR | O_CREAT | O_NOFOLLOW
            case .create: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
            }
        self.path = path
        descriptor = try systemCall("open", path) {
            path.withPlatformString { open($0, flags | O_CLOEXEC, permissions.rawValue) }
        }
    }

    deinit { close(descriptor) }

    /// What the kernel says of the open file.
    public func status() throws(SystemError) -> FileStatus {
        var status = stat()
        try systemCall("read the status of", path) { fstat(descriptor, &status) }
        return FileStatus(status)
    }

    /// Takes over whom another file belongs to, as far as this user may give files away, and who may do what with it.
    func adopt(_ other: FileStatus) throws(SystemError) {
        let own = try status()
        if own.owner != other.owner || own.group != other.group {
            // Only the superuser gives files away; a group that one is in may be given them by everybody.
            if fchown(descriptor, other.owner, other.group) != 0 {
                _ = fchown(descriptor, .max, other.group)
            }
        }
        try systemCall("set the mode of", path) { fchmod(descriptor, other.permissions.rawValue) }
    }

    /// Reads up to `count` bytes at `offset`; fewer only at the end of the file.
    public func read(at offset: Int64, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                filled = try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = try systemCall("read", path) {
                pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Hands the file's bytes from `offset` to `body`, a piece of at most `chunk` bytes at a time, until the end or
    /// until `limit` bytes; tells how many it handed out.
    public func forEachChunk(
        from offset: Int64 = 0,
        limit: Int64 = .max,
        chunk: Int = 1 << 20,
        _ body: (RawSpan) throws -> Void
    ) throws -> Int64 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 64)
        defer { buffer.deallocate() }
        var done: Int64 = 0
        while done < limit {
            let wanted = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<Int(min(Int64(chunk), limit - done))]
            )
            let count = try read(at: offset + done, into: wanted)
            if count == 0 { break }
            try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]).bytes)
            done += Int64(count)
        }
        return done
    }

    /// Whether the file has exactly `bytes` at `offset`.
    public func has(_ bytes: borrowing RawSpan, at offset: Int64) throws(SystemError) -> Bool {
        let there = try read(at: offset, count: bytes.byteCount)
        return bytes.withUnsafeBytes { bytes in
            there.withUnsafeBytes { there in
                guard let one = there.baseAddress, let other = bytes.baseAddress else { return bytes.isEmpty }
                return there.count == bytes.count && memcmp(one, other, bytes.count) == 0
            }
        }
    }

    /// Writes all of `bytes` at `offset`.
    public func write(_ bytes: borrowing RawSpan, at offset: Int64) throws(SystemError) {
        var failure: SystemError?
        bytes.withUnsafeBytes { buffer in
            do throws(SystemError) { try write(buffer, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Writes all of `bytes` at `offset`.
    public func write(_ bytes: [UInt8], at offset: Int64) throws(SystemError) {
        try write(bytes.span.bytes, at: offset)
    }

    func write(_ buffer: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
        var written = 0
        while written < buffer.count {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
            written += try systemCall("write", path) {
                pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(written))
            }
        }
    }

    /// Cuts the file, or lengthens it with a hole, to `size`.
    public func truncate(to size: ByteCount) throws(SystemError) {
        try systemCall("truncate", path) { ftruncate(descriptor, off_t(size.bytes)) }
    }

    /// Takes the disk's room for the first `size` bytes now, so that writing them cannot run out of it; the length stays.
    ///
    /// Answers `false` where the filesystem cannot promise room.
    public func reserve(_ size: ByteCount) throws(SystemError) -> Bool {
        guard size > 0 else { return true }
        do throws(SystemError) {
            try systemCall("reserve room for", path) { linux_reserve(descriptor, off_t(size.bytes)) }
            return true
        } catch {
            guard error.isUnsupported else { throw error }
            return false
        }
    }

    /// Has the disk begin with what was written so far, so that `synchronize` has less to wait for.
    public func startSynchronizing() { linux_start_writing(descriptor) }

    /// Waits until the content is on the disk.
    public func synchronize() throws(SystemError) {
        try systemCall("sync", path) { fdatasync(descriptor) }
    }
}

extension FilePermissions {
    /// Written by the owner, read by all: an engine's container reads the volume as another user.
    public static let shared: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
}
