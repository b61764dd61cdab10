public import Catalog
public import Host
public import Platform

/// Where a model is to lie.
public enum MemoryPlace: String, Sendable, Hashable, CaseIterable {
    /// In the memory of the processors.
    case ram
    /// On GPUs, all of it.
    case vram
}

/// The models of a catalog that are best for a host, for one purpose.
public struct Recommendation: Sendable {
    /// What is chosen from, and for what.
    public struct Question: Sendable {
        /// The models.
        public var entries: [CatalogEntry]
        /// What they are wanted for; anything, if `nil`.
        public var profile: Profile?
        /// The rungs of its ladder, from little memory to much.
        public var rungs: [Rung]
        /// The stack that is to serve them.
        public var stack: Stack
        /// The machine.
        public var host: HostProfile
        /// What may still be stored.
        public var freeDisk: ByteCount
        /// Where they are to lie; on GPUs if there are some, if `nil`.
        public var place: MemoryPlace?
        /// The forms that are stored, as their names and quantizations.
        public var stored: Set<StoredForm>

        /// Describes a question.
        public init(
            _ entries: [CatalogEntry],
            profile: Profile? = nil,
            rungs: [Rung] = [],
            stack: Stack,
            host: HostProfile,
            freeDisk: ByteCount,
            place: MemoryPlace? = nil,
            stored: Set<StoredForm> = []
        ) {
            self.entries = entries
            self.profile = profile
            self.rungs = rungs
            self.stack = stack
            self.host = host
            self.freeDisk = freeDisk
            self.place = place
            self.stored = stored
        }
    }

    /// A rung of a profile's ladder, found in the catalog.
    public struct Rung: Sendable {
        let memory: ByteCount
        let entry: CatalogEntry
        let quantization: Quantization

        /// Describes one.
        public init(memory: ByteCount, entry: CatalogEntry, quantization: Quantization) {
            self.memory = memory
            self.entry = entry
            self.quantization = quantization
        }
    }

    /// The name and the quantization of what is stored.
    public struct StoredForm: Sendable, Hashable {
        let model: String
        let quant: String

        /// Names one.
        public init(model: String, quant: String) {
            self.model = model
            self.quant = quant
        }
    }

    /// Why something is recommended.
    public enum Reason: Sendable, Hashable {
        /// The profile's ladder has it for hosts with so much memory.
        case rung(ByteCount)
        /// The profile's ladder has it for hosts with less memory than this one.
        case lowerRung(ByteCount)
        /// It is the largest of the profile's own models that fits, or a smaller one of them.
        case ofProfile(isLargest: Bool)
        /// It is the largest of those that the catalog recommends and that fit, or a smaller one of them.
        case ofCatalog(isLargest: Bool)
        /// It is another one that fits.
        case fits
    }

    /// A model in a quantization.
    public struct Choice: Sendable {
        /// What it is.
        public let form: CatalogForm
        /// How it lies in the memory.
        public let fit: MemoryFit
        /// The tokens that it has room for then.
        public let context: Int
        /// Whether that is less than the stack asks for, which it has no room for.
        public let isShort: Bool
        /// Whether it is stored.
        public let isStored: Bool
        /// Why it is recommended.
        public internal(set) var reason: Reason
    }

    /// What there is too little of.
    public enum Lack: Sendable, Hashable {
        /// Memory of the processors, those of the system included.
        case ram(needed: ByteCount)
        /// Memory of GPUs.
        case vram(needed: ByteCount)
        /// A GPU.
        case gpu
        /// Room on the disk.
        case disk(needed: ByteCount)
    }

    /// The choices, the best first.
    public let choices: [Choice]
    /// What would be the best if the disk had room for it.
    public let tooLarge: CatalogForm?
    /// What would take the least of what there is too little of, where there is no choice.
    public let least: (form: CatalogForm, lack: Lack)?

    /// Chooses.
    public init(_ question: Question) {
        let ranking = Ranking(question)
        let best = ranking.choices(ignoringDisk: true).first?.form
        choices = ranking.worded(ranking.choices())
        tooLarge = best.flatMap { ranking.hasRoom(for: $0) ? nil : $0 }
        if !choices.isEmpty {
            least = nil
        } else if best != nil {
            let all = ranking.choices(ignoringDisk: true).map { ranking.smallest(of: $0.form) }
            least = all.min { $0.size < $1.size }.map { ($0, .disk(needed: $0.size)) }
        } else {
            least = ranking.least()
        }
    }
}
