import Glibc
import SystemPackage

/// A process of this machine, told from all others that had its number before or will have it.
public struct ProcessIdentity: Sendable, Equatable, CustomStringConvertible {
    private let boot: String
    /// The numbers of processes are those of a namespace.
    private let namespace: String
    private let number: Int
    /// When it began, in the kernel's own count.
    private let start: String

    /// This process.
    public static let own = ProcessIdentity(
        boot: Machine.bootID ?? "",
        namespace: ownNamespace,
        number: Int(Glibc.getpid()),
        start: stat(of: Int(Glibc.getpid())).flatMap(start) ?? ""
    )

    private init(boot: String, namespace: String, number: Int, start: String) {
        (self.boot, self.namespace, self.number, self.start) = (boot, namespace, number, start)
    }

    /// Reads what `description` has written.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let number = Int(parts[2]), pid_t(exactly: number) != nil
        else { return nil }
        self.init(boot: parts[0], namespace: parts[1], number: number, start: parts[3])
    }

    /// The same as one word.
    public var description: String { "\(boot)/\(namespace)/\(number)/\(start)" }

    /// Whether it is known to have ended: one that cannot be seen from here may well be alive.
    public var hasEnded: Bool {
        guard !boot.isEmpty, !start.isEmpty, boot == Self.own.boot, !namespace.isEmpty,
            namespace == Self.own.namespace
        else { return false }
        guard let stat = Self.stat(of: number) else {
            // Another user's is hidden where `/proc` is mounted with `hidepid`; its number is taken all the same.
            return kill(pid_t(number), 0) != 0 && errno == ESRCH
        }
        return Self.start(in: stat) != start
    }

    private static let ownNamespace: String = {
        (try? FileSystem.status("/proc/self/ns/pid"))?.map { "\($0.inode)" } ?? ""
    }()

    /// What the kernel says of a process; `nil` if it cannot be read.
    private static func stat(of number: Int) -> [UInt8]? {
        try? FileSystem.read(FilePath("/proc/\(number)/stat"))
    }

    /// When a process began; `nil` if it has ended and is still to be waited for.
    private static func start(in stat: [UInt8]) -> String? {
        // The name of the program comes second and may have anything in it, also parentheses.
        let fields = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
        guard let fields, fields.count > 19, fields[0] != "Z" else { return nil }
        return String(fields[19])
    }
}
