import Platform
import SystemPackage

/// AMD's GPUs, by what their driver tells in `/sys`.
struct AMD: Sendable {
    private let environment: Environment
    private let files: KernelFiles
    private let limit: Duration

    init(_ environment: Environment, _ files: KernelFiles, _ limit: Duration) {
        self.environment = environment
        self.files = files
        self.limit = limit
    }

    func read(_ memory: Memory) async -> [GPU] {
        // A GPU that sleeps is woken by the question, which takes seconds.
        guard let found = try? await blocking({ found(memory) }) else { return [] }
        guard found.contains(where: { $0.gpu.name.isEmpty }) else { return found.map(\.gpu) }
        let names = await toolsNames()
        return found.map { card, gpu in
            var gpu = gpu
            if gpu.name.isEmpty { gpu.name = names[card.slot] ?? "AMD GPU 1002:\(card.device)" }
            return gpu
        }
    }

    /// The GPUs, without a name those whose name is known to the vendor's tool at most.
    private func found(_ memory: Memory) -> [(card: Card, gpu: GPU)] {
        let cards = cards()
        let names = cards.isEmpty ? [:] : productNames()
        return cards.enumerated().map { index, card in
            (card, gpu(card, index: index, name: name(of: card, among: names), memory))
        }
    }

    // MARK: What the kernel tells

    private struct Card: Sendable {
        let folder: String
        let slot: String
        let device: String
    }

    /// Those with a driver that tells the size of the memory, in the order of their slots.
    private func cards() -> [Card] {
        files.names("sys/class/drm").filter { $0.hasPrefix("card") && Int($0.dropFirst(4)) != nil }
            .compactMap { name in
                let folder = "sys/class/drm/\(name)/device"
                guard files.word("\(folder)/vendor") == "0x1002",
                    (files.number("\(folder)/mem_info_vram_total") ?? 0) > 0
                else { return nil }
                let slot = files.fields("\(folder)/uevent", separator: "=")["PCI_SLOT_NAME"]
                let device = files.word("\(folder)/device") ?? ""
                return Card(
                    folder: folder,
                    slot: slot.map { $0.lowercased() } ?? name,
                    device: String(device.dropFirst(2)).lowercased()
                )
            }
            .sorted { $0.slot < $1.slot }
    }

    private func gpu(_ card: Card, index: Int, name: String, _ memory: Memory) -> GPU {
        var gpu = GPU(
            index: index,
            uuid: files.word("\(card.folder)/unique_id").map { "GPU-\($0)" },
            name: name,
            vendor: .amd,
            vram: size("vram_total", card) ?? 0,
            isUnified: isIntegrated(card)
        )
        gpu.free = size("vram_used", card).map { max(0, gpu.vram - $0) }
        guard gpu.isUnified, let shared = size("gtt_total", card) else { return gpu }
        // Besides what the firmware has set aside for it, the driver maps the machine's memory, as far as there is some.
        let unmapped = size("gtt_used", card).map { max(0, shared - $0) } ?? shared
        gpu.vram += shared
        gpu.free = gpu.free.map { $0 + min(unmapped, memory.available ?? unmapped) }
        return gpu
    }

    private func size(_ name: String, _ card: Card) -> ByteCount? {
        guard let number = files.number("\(card.folder)/mem_info_\(name)"), number >= 0 else { return nil }
        return ByteCount(number)
    }

    /// Only where processors and GPU are one does the driver measure the voltage of their common part.
    private func isIntegrated(_ card: Card) -> Bool {
        files.names("\(card.folder)/hwmon").contains {
            files.word("\(card.folder)/hwmon/\($0)/in1_label") == "vddnb"
        }
    }

    // MARK: Names

    /// The names that Mesa knows, by device and revision.
    private func productNames() -> [String: String] {
        let lines = (files.text("usr/share/libdrm/amdgpu.ids") ?? "").split(whereSeparator: \.isNewline)
        let pairs = lines.compactMap { line -> (String, String)? in
            let parts = line.split(separator: ",", maxSplits: 2).map(\.trimmed)
            guard !line.hasPrefix("#"), parts.count == 3 else { return nil }
            return ("\(parts[0]):\(parts[1])".lowercased(), String(parts[2]))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private func name(of card: Card, among names: [String: String]) -> String {
        if let name = files.word("\(card.folder)/product_name") { return name }
        let revision = (files.word("\(card.folder)/revision") ?? "").dropFirst(2).lowercased()
        return names["\(card.device):\(revision)"] ?? ""
    }

    /// The names that the vendor's tool has, by slot; none if it is not there or does not answer.
    private func toolsNames() async -> [String: String] {
        guard let path = environment.program("rocm-smi") else { return [:] }
        let tool = Tool(path: path, environment: environment, limit: limit)
        let question = ["--showproductname", "--showbus", "--json"]
        guard case .ended(_, let text) = await tool.ask(question) else { return [:] }
        return Self.names(text)
    }

    /// The capitals of the keys differ from one version to the next; before the document there may be warnings.
    static func names(_ text: String) -> [String: String] {
        guard let start = text.firstIndex(of: "{"),
            let cards = try? JSON.decode([String: [String: String]].self, from: Array(text[start...].utf8))
        else { return [:] }
        let pairs = cards.values.compactMap { card -> (String, String)? in
            let fields = Dictionary(card.map { ($0.key.lowercased(), $0.value) }) { first, _ in first }
            guard let slot = fields["pci bus"], let name = fields["card series"] ?? fields["device name"],
                !name.isEmpty, !name.hasPrefix("0x"), name != "N/A"
            else { return nil }
            return (slot.lowercased(), name)
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
