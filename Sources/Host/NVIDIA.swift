import Platform
import SystemPackage

/// NVIDIA's GPUs, by their driver's tool.
struct NVIDIA: Sendable {
    /// What was found.
    struct Findings: Sendable, Equatable {
        var gpus: [GPU] = []
        var driver: GPUDriver?
        var trouble: GPUTrouble?
    }

    private let environment: Environment
    private let files: KernelFiles
    private let limit: Duration

    init(_ environment: Environment, _ files: KernelFiles, _ limit: Duration) {
        self.environment = environment
        self.files = files
        self.limit = limit
    }

    func read(_ memory: Memory) async -> Findings {
        let devices = pluggedIn()
        guard let path = tool() else {
            return Findings(trouble: devices == 0 ? nil : .noTool(devices: devices))
        }
        let tool = Tool(path: path, environment: environment, limit: limit)
        // All at once: the driver of a GPU that nobody uses starts anew for each run, which takes seconds.
        async let rows = Self.rows(of: tool)
        async let processes = tool.ask(NVIDIAListing.processQuery)
        async let summary = tool.ask([])
        let listing = await rows
        var findings = Findings()
        findings.gpus = listing.gpus(memory)
        if case .ended(0, let text) = await processes {
            let running = NVIDIAListing.processes(text)
            for index in findings.gpus.indices {
                findings.gpus[index].processes = running[findings.gpus[index].uuid ?? ""] ?? []
            }
        }
        var header: GPUDriver?
        if case .ended(_, let text) = await summary { header = NVIDIAListing.driver(text) }
        findings.driver = listing.driverVersion.map { GPUDriver(version: $0, cuda: header?.cuda) } ?? header
        findings.trouble = listing.trouble(tool: path, devices: devices, gpus: findings.gpus.count)
        return findings
    }

    /// In Windows' subsystem for Linux the tool is where `PATH` need not lead.
    private func tool() -> FilePath? {
        let place = files.root.pushing("usr/lib/wsl/lib")
        return environment.program("nvidia-smi")
            ?? environment.setting("PATH", to: place.string).program("nvidia-smi")
    }

    /// How many of NVIDIA's GPUs are plugged in that are not lent to a virtual machine.
    private func pluggedIn() -> Int {
        let folder = "sys/bus/pci/devices"
        return files.names(folder).count { name in
            let fields = files.fields("\(folder)/\(name)/uevent", separator: "=")
            // The class of what displays, or computes with what once displayed.
            let isGPU = fields["PCI_CLASS"].map { $0.count == 5 && $0.hasPrefix("3") } ?? false
            let isNVIDIA = fields["PCI_ID"]?.uppercased().hasPrefix("10DE:") ?? false
            return isGPU && isNVIDIA && fields["DRIVER"] != "vfio-pci"
        }
    }

    /// Asks for less if the tool does not know a column: then it refuses the whole question.
    private static func rows(of tool: Tool) async -> NVIDIAListing {
        let first = await rows(of: tool, NVIDIAListing.mostColumns)
        guard !first.hasRows, !first.isSilent else { return first }
        for columns in NVIDIAListing.fewerColumns {
            let listing = await rows(of: tool, columns)
            if listing.hasRows { return listing }
        }
        // A tool that refuses all questions said the most to the first.
        return first
    }

    private static func rows(of tool: Tool, _ columns: [NVIDIAListing.Column]) async -> NVIDIAListing {
        NVIDIAListing(await tool.ask(NVIDIAListing.query(columns)), columns)
    }
}
