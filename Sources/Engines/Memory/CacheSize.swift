import Catalog
import Formats
import Platform

/// What the layers of a model keep of the text, in bytes.
struct CacheSize {
    /// The tokens that layers which keep all tokens have room for, those of all parts of the cache.
    private let full: Int
    private let settings: MemorySettings

    /// The tokens that the engine takes room for at once.
    private let block: Int

    init(_ settings: MemorySettings) {
        self.settings = settings
        block = EngineMemory(settings.engine).block
        full = Self.rounded(settings.context / settings.parts, to: block) * settings.parts
    }

    /// The tokens that a layer with a window has room for.
    func cells(window: Int?) -> Int {
        guard let window else { return full }
        let together = settings.sharesCache ? settings.slots : 1
        // A batch is read into the cache before what it pushes out is let go of.
        let (wanted, overflow) = window.multipliedReportingOverflow(by: together)
        guard !overflow, wanted < full else { return full }
        let part = min(full / settings.parts, wanted + settings.batch)
        return Self.rounded(part, to: block) * settings.parts
    }

    /// What a layer keeps.
    func bytes(_ layer: ModelShape.Layer) -> ByteCount {
        let cells = cells(window: layer.window)
        return row(layer.keys, settings.keyType) * cells + row(layer.values, settings.valueType) * cells
            // A state is kept in 32 bits.
            + ByteCount(4) * layer.state * settings.slots
    }

    /// The bytes of a token's elements.
    private func row(_ elements: Int, _ type: TensorType) -> ByteCount {
        let blocks = (elements + type.blockElements - 1) / type.blockElements
        return ByteCount(Int64(type.blockBytes)) * blocks
    }

    private static func rounded(_ tokens: Int, to block: Int) -> Int { (tokens + block - 1) / block * block }
}

extension MemorySettings {
    /// Into how many equal parts the cache is divided.
    fileprivate var parts: Int { sharesCache ? 1 : slots }
}
