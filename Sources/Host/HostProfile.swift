public import Platform
public import SystemPackage

/// What this machine has for a model to run on.
public struct HostProfile: Sendable, Equatable, Encodable {
    /// The memory of the processors.
    public var memory: Memory
    /// The processors.
    public var processor: Processor
    /// The GPUs that a model can be put on, NVIDIA's first, each vendor's in its own order.
    public var gpus: [GPU]
    /// NVIDIA's driver; `nil` if there is none, or if it did not answer.
    public var driver: GPUDriver?
    /// Why there may be GPUs that are not listed, or that are not fully described.
    public var gpuTrouble: GPUTrouble?

    /// Describes a machine.
    public init(
        memory: Memory,
        processor: Processor = Processor(),
        gpus: [GPU] = [],
        driver: GPUDriver? = nil,
        gpuTrouble: GPUTrouble? = nil
    ) {
        self.memory = memory
        self.processor = processor
        self.gpus = gpus
        self.driver = driver
        self.gpuTrouble = gpuTrouble
    }

    /// Looks at the machine whose `/proc` and `/sys` are below `root`; what cannot be known is `nil`.
    ///
    /// The vendors' tools are looked up in `PATH`. One that has not answered after `limit` is given up: it waits for a
    /// driver that hangs.
    public static func read(
        environment: Environment,
        root: FilePath = "/",
        limit: Duration = .seconds(10)
    ) async -> HostProfile {
        let files = KernelFiles(root: root)
        let memory = Memory(files)
        async let nvidia = NVIDIA(environment, files, limit).read(memory)
        async let amd = AMD(environment, files, limit).read(memory)
        let processor = Processor(files)
        let (found, others) = await (nvidia, amd)
        return HostProfile(
            memory: memory,
            processor: processor,
            gpus: found.gpus + others,
            driver: found.driver,
            gpuTrouble: found.trouble
        )
    }
}
