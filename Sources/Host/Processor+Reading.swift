extension Processor {
    init(_ files: KernelFiles) {
        let fields = files.fields("proc/cpuinfo", separator: ":")
        let topology = Self.topology(files)
        self.init(
            name: fields["model name"].flatMap { $0.isEmpty ? nil : String($0) },
            sockets: topology.sockets,
            cores: topology.cores,
            usableThreads: Self.usableThreads(files),
            features: Self.features(fields)
        )
    }

    private static func topology(_ files: KernelFiles) -> (sockets: Int?, cores: Int?) {
        let folder = "sys/devices/system/cpu"
        let numbers = files.names(folder).filter { name in
            name.hasPrefix("cpu") && Int(name.dropFirst(3)) != nil
        }
        let sockets = Set(numbers.compactMap { files.word("\(folder)/\($0)/topology/physical_package_id") })
        let cores = Set(numbers.compactMap { files.word("\(folder)/\($0)/topology/thread_siblings_list") })
        return (sockets.isEmpty ? nil : sockets.count, cores.isEmpty ? nil : cores.count)
    }

    private static func usableThreads(_ files: KernelFiles) -> Int {
        let status = files.fields("proc/self/status", separator: ":")
        let allowed = status["Cpus_allowed_list"].flatMap(count(ofList:)) ?? 1
        return max(1, min(allowed, ControlGroups(files).processors ?? allowed))
    }

    /// How many numbers a list such as `0-3,8,10-11` has; `nil` if it is none.
    static func count(ofList list: Substring) -> Int? {
        var count = 0
        for range in list.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { Int32($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
                first >= 0, last >= first
            else { return nil }
            count += Int(last) - Int(first) + 1
        }
        return count
    }

    /// The kernel's own names for ARM differ from those that everybody else uses.
    private static let kernelNames: [Substring: Feature] = [
        "asimd": .neon, "neon": .neon, "asimdhp": .fp16, "asimddp": .dotprod,
    ]

    private static func features(_ fields: [Substring: Substring]) -> Set<Feature> {
        let words = (fields["flags"] ?? fields["Features"] ?? "").split(separator: " ")
        return Set(words.compactMap { kernelNames[$0] ?? Feature(rawValue: String($0)) })
    }
}
