import CLinux
import Glibc
public import SystemPackage

/// Whom a path belongs to, and whether this process may use it.
public struct FileAccess: Sendable, Equatable {
    /// The group that owns it, by name, or by number where it has none.
    public let group: String
    /// Whether the group may read and write it.
    public let groupMay: Bool
    /// Whether this process is in the group.
    public let isInGroup: Bool
    /// Whether this user is listed in the group, which counts from the next login on.
    public let isListed: Bool
    /// Whether this process may read and write it.
    public let isGranted: Bool

    /// States how things are.
    public init(group: String, groupMay: Bool, isInGroup: Bool, isListed: Bool, isGranted: Bool) {
        self.group = group
        self.groupMay = groupMay
        self.isInGroup = isInGroup
        self.isListed = isListed
        self.isGranted = isGranted
    }

    /// Asks the kernel and the list of groups about a path; `nil` if nothing is there, or in a closed folder.
    public init?(_ path: FilePath) {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        let entry = GroupEntry(status.st_gid)
        self.init(
            group: entry?.name ?? String(status.st_gid),
            groupMay: status.st_mode & 0o060 == 0o060,
            isInGroup: Self.groups.contains(status.st_gid),
            isListed: entry?.members.contains(Self.user ?? "") ?? false,
            isGranted: Self.isGranted(path)
        )
    }

    /// Whether this process may read and write a path; asks the kernel alone, which takes no time.
    public static func isGranted(_ path: FilePath) -> Bool {
        path.withPlatformString { access($0, R_OK | W_OK) } == 0
    }

    private static var groups: [gid_t] {
        let count = getgroups(0, nil)
        guard count > 0 else { return [getegid()] }
        var groups = [gid_t](repeating: 0, count: Int(count))
        let filled = getgroups(count, &groups)
        return groups.prefix(max(0, Int(filled))) + [getegid()]
    }

    private static var user: String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(geteuid(), &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            return nil
        }
        return String(cString: entry.pw_name)
    }
}

/// A group as the machine's list of groups has it.
private struct GroupEntry {
    let name: String
    let members: [String]

    init?(_ number: gid_t) {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 65_536)
        guard getgrgid_r(number, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        name = String(cString: entry.gr_name)
        var members: [String] = []
        var next = entry.gr_mem
        while let member = next?.pointee {
            members.append(String(cString: member))
            next = next?.advanced(by: 1)
        }
        self.members = members
    }
}
