import Catalog
import Engines
import Host
public import Platform

/// What this host can run, and what it has.
public struct Recommendations: Sendable {
    /// What there is for models to run on.
    public struct Machine: Sendable {
        /// A GPU.
        public struct GPU: Sendable {
            /// Its name.
            public let name: String
            /// Its memory.
            public let total: ByteCount
            /// What of that is free, or held by what the stack serves now; `nil` if not known.
            public let free: ByteCount?
        }

        /// The memory of the processors.
        public let memory: ByteCount
        /// What of that is free; `nil` if not known.
        public let availableMemory: ByteCount?
        /// The GPUs.
        public let gpus: [GPU]
        /// What may still be stored in the stack's volume.
        public let freeDisk: ByteCount
    }

    /// The stack that would serve them.
    public let stack: String
    /// What there is.
    public let machine: Machine
    /// The models, the best first.
    public let models: [RecommendedModel]
    /// What is worth knowing besides, in sentences.
    public let notes: [String]
    /// Why there are none, if there are none.
    public let nothing: String?
}

extension Recommendations {
    typealias Found = (profile: Profile, recommendation: Recommendation)

    init(
        _ found: [Found],
        stack: Stack,
        host: HostProfile,
        freeDisk: ByteCount,
        in workspace: Workspace,
        most: Int
    ) {
        let chosen = Self.interleaved(found).prefix(most)
        let machine = Machine(
            memory: host.memory.total,
            availableMemory: host.memory.available,
            gpus: host.gpus.map { .init(name: $0.name, total: $0.vram, free: $0.free) },
            freeDisk: freeDisk
        )
        self.stack = stack.name
        self.machine = machine
        let models = chosen.enumerated().map { index, one in
            RecommendedModel(one.choice, for: one.profile, in: workspace, stack, isFirst: index == 0)
        }
        notes =
            Self.tooLarge(found, machine, stack)
            + (chosen.first.map { Self.notes(on: $0.choice, machine, stack) } ?? [])
        self.models = models
        nothing = models.isEmpty ? Self.nothing(found, machine, stack) : nil
    }

    /// Each profile's best, then each one's next best, and so on.
    private static func interleaved(_ found: [Found]) -> [(profile: Profile, choice: Recommendation.Choice)] {
        var seen: Set<String> = []
        let longest = found.map(\.recommendation.choices.count).max() ?? 0
        return (0..<longest).flatMap { number in
            found.compactMap { profile, recommendation in
                let choices = recommendation.choices
                guard number < choices.count, seen.insert(choices[number].form.entry.reference).inserted
                else {
                    return nil
                }
                return (profile, choices[number])
            }
        }
    }

    // MARK: Words

    private static func tooLarge(_ found: [Found], _ machine: Machine, _ stack: Stack) -> [String] {
        guard let form = found.first?.recommendation.tooLarge else { return [] }
        let room = "the disk has room for \(machine.freeDisk) in `\(stack.name)`"
        return ["`\(form.reference)` would be recommended, but takes \(form.size), and \(room)"]
    }

    private static func notes(on choice: Recommendation.Choice, _ machine: Machine, _ stack: Stack)
        -> [String]
    {
        var notes: [String] = []
        let name = choice.form.reference
        if choice.isShort {
            notes.append(
                "`\(name)` has room for \(choice.context) tokens: set `context: \(choice.context)` below `defaults` "
                    + "in the stack.yaml of `\(stack.name)`"
            )
        }
        for remark in choice.fit.remarks {
            switch remark {
            case .freeNow(let free):
                notes.append("`\(name)` takes \(choice.fit.onHost) of RAM, and only \(free) are free now")
            case .shareNotFree(let missing):
                notes.append(
                    "`\(stack.name)` wants \(missing) more of VRAM than are free now; `nvidia-smi` shows by whom"
                )
            case .fitsWithContext, .leftForCache, .needsGPU, .needsGPUs, .partitioned, .missing: break
            }
        }
        return notes
    }

    private static func nothing(_ found: [Found], _ machine: Machine, _ stack: Stack) -> String {
        let names = found.map { "`\($0.profile.name)`" }.joined(separator: ", ")
        let whose = "\(found.count == 1 ? "the profile" : "the profiles") \(names)"
        let least = found.compactMap(\.recommendation.least).min { $0.form.size < $1.form.size }
        guard let least else {
            return "the catalog has no model of \(whose) that `\(stack.name)` could serve"
        }
        let what = "no model of \(whose) fits: the smallest, `\(least.form.reference)`,"
        switch least.lack {
        case .ram(let needed):
            return "\(what) wants a host with \(needed) of RAM, and this one has \(machine.memory)"
        case .vram(let needed):
            let most = machine.gpus.map { $0.free ?? $0.total }.total()
            return "\(what) wants \(needed) of VRAM, and \(most) are free here"
        case .gpu: return "\(what) wants a GPU, and none is known here; see `stackctl doctor`"
        case .disk(let needed):
            return "\(what) takes \(needed), and the disk has room for \(machine.freeDisk) in `\(stack.name)`"
        }
    }
}
