import CLinux
import Glibc
import SystemPackage

/// This machine, as far as every room may need it.
public enum Machine {
    /// Tells this run of the kernel from those before and after; `nil` if the kernel does not say.
    public static let bootID: String? = {
        guard let bytes = try? FileSystem.read("/proc/sys/kernel/random/boot_id") else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).prefix { !$0.isNewline }
        return text.isEmpty ? nil : String(text)
    }()

    /// Whom this process acts as: the numbers of the user and the group, parted by a colon.
    public static var user: String { "\(geteuid()):\(getegid())" }

    /// The processors that this process may run on.
    public static let processors = max(1, Int(linux_processors()))

    /// The memory that the kernel has.
    public static let memory = ByteCount(
        Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
    )
}
