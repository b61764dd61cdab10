import Platform

/// What the kernel's control groups allow this process: those it is in, and all that are around them.
struct ControlGroups {
    /// A limit on memory, and what is left of it.
    struct MemoryLimit: Equatable {
        /// The least limit of all.
        let limit: ByteCount
        /// The least that is left of any; `nil` if the kernel does not say what is used.
        let available: ByteCount?
    }

    private let files: KernelFiles
    /// The group of each controller; the one of the second version is named by an empty text.
    private let groups: [Substring: Substring]

    init(_ files: KernelFiles) {
        self.files = files
        let lines = (files.text("proc/self/cgroup") ?? "").split(whereSeparator: \.isNewline)
        var groups: [Substring: Substring] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            for name in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                groups[name] = parts[2]
            }
        }
        self.groups = groups
    }

    /// The limit on memory; `nil` if there is none.
    var memory: MemoryLimit? {
        let limits =
            folders(of: "memory") { limit($0, "memory.limit_in_bytes", "memory.usage_in_bytes") }
            + folders(of: "") { limit($0, "memory.max", "memory.current") }
        guard let least = limits.map(\.limit).min() else { return nil }
        return MemoryLimit(limit: least, available: limits.compactMap(\.available).min())
    }

    /// How many processors' time may be used, rounded up; `nil` if there is no limit.
    var processors: Int? {
        let first = folders(of: "cpu") { folder -> Int? in
            guard let quota = files.number("\(folder)/cpu.cfs_quota_us"),
                let period = files.number("\(folder)/cpu.cfs_period_us")
            else { return nil }
            return Self.processors(quota, period)
        }
        let second = folders(of: "") { folder -> Int? in
            let words = files.word("\(folder)/cpu.max")?.split(separator: " ").map { Int64($0) } ?? []
            guard words.count == 2, let quota = words[0], let period = words[1] else { return nil }
            return Self.processors(quota, period)
        }
        return (first + second).min()
    }

    private static func processors(_ quota: Int64, _ period: Int64) -> Int? {
        guard quota > 0, period > 0 else { return nil }
        return Int(clamping: (quota - 1) / period + 1)
    }

    private func limit(_ folder: String, _ limitFile: String, _ usageFile: String) -> MemoryLimit? {
        // The first version writes the largest number that it has for no limit.
        guard let limit = files.number("\(folder)/\(limitFile)"), (0..<(1 << 60)).contains(limit) else {
            return nil
        }
        guard let used = files.number("\(folder)/\(usageFile)") else {
            return MemoryLimit(limit: ByteCount(limit), available: nil)
        }
        // Files that were read and not used since count as used, and are the first to make room.
        let statistics = KernelFiles.fields(files.text("\(folder)/memory.stat") ?? "", separator: " ")
        let idle = statistics["total_inactive_file"] ?? statistics["inactive_file"]
        let left = ByteCount(limit) - ByteCount(used) + ByteCount(idle.flatMap { Int64($0) } ?? 0)
        return MemoryLimit(limit: ByteCount(limit), available: min(max(left, 0), ByteCount(limit)))
    }

    /// What `body` finds in the folder of the group and in those around it.
    ///
    /// In a container the path may be the one outside of it: then only the folders around exist.
    private func folders<Found>(of controller: Substring, _ body: (String) -> Found?) -> [Found] {
        guard let group = groups[controller] else { return [] }
        let mounts = controller.isEmpty ? ["", "/unified"] : ["/\(controller)"]
        return mounts.flatMap { mount in
            let names = group.split(separator: "/").filter { $0 != ".." }
            return (0...names.count).compactMap { count in
                body(
                    (["sys/fs/cgroup\(mount)"] + names.prefix(count).map(String.init)).joined(separator: "/")
                )
            }
        }
    }
}
