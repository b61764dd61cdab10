public import Catalog

/// Over how many GPUs an engine divides a model.
struct GPUCount {
    /// Those that share each tensor, if anybody says so.
    let told: Int?
    /// The groups of these that share out the layers.
    let groups: Int

    /// All together.
    var total: Int { max(1, told ?? 1) * max(1, groups) }

    init(_ stack: Stack, _ settings: EffectiveSettings) {
        let extra = settings[SettingKey<[String]>.extra(of: stack.engine)] ?? []
        func number(_ names: [String]) -> Int? {
            extra.value(ofOption: names).flatMap { Int($0) }.flatMap { (1...65_536).contains($0) ? $0 : nil }
        }
        told = number(["--tensor-parallel-size", "-tp"]) ?? settings[SettingKey.tensorParallel]
        groups = number(["--pipeline-parallel-size", "-pp"]) ?? settings[SettingKey.pipelineParallel] ?? 1
    }
}

extension Stack {
    /// Over how many GPUs the engine divides each layer, as far as the stack says so.
    public var dividedOver: Int { dividedOver(settings) }

    /// Over how many GPUs the engine divides each layer, as far as the settings say so.
    public func dividedOver(_ settings: EffectiveSettings) -> Int {
        max(1, GPUCount(self, settings).told ?? 1)
    }
}
