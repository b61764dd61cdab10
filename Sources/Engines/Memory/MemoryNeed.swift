public import Formats
public import Platform

/// What a model needs to run, part by part.
public struct MemoryNeed: Sendable, Hashable {
    /// What a layer takes on the device that has it.
    public struct Layer: Sendable, Hashable {
        /// Its weights.
        public let weights: ByteCount
        /// What it keeps of the text.
        public let cache: ByteCount

        /// Both.
        public var total: ByteCount { weights + cache }
    }

    /// Layers that keep the same, counted: how the size of the cache comes about.
    public struct Group: Sendable, Hashable {
        /// How many layers they are.
        public let layers: Int
        /// The elements of a token's keys.
        public let keys: Int
        /// The elements of its values.
        public let values: Int
        /// The tokens that there is room for.
        public let tokens: Int
        /// The elements that are kept of a request, whatever its length.
        public let state: Int
        /// What all of them keep.
        public let size: ByteCount
    }

    /// The layers, the first one first.
    public let layers: [Layer]
    /// The layers by what they keep.
    public let groups: [Group]
    /// The weights that turn tokens into embeddings: they stay with the processor.
    public let input: ByteCount
    /// The weights that choose the next token.
    public let output: ByteCount
    /// Whether the output's weights are the input's.
    public let sharesInput: Bool
    /// What a pass takes on the processor, where it computes everything.
    public let compute: ByteCount
    /// What a pass takes on each GPU that has layers.
    public let computeOnGPU: ByteCount
    /// What a pass takes on the processor where GPUs have all layers.
    public let computeBesideGPU: ByteCount

    /// The tokens that layers which keep all of them have room for.
    public let tokens: Int

    /// The weights, each counted once.
    public var weights: ByteCount { layers.map(\.weights).total() + input + output }
    /// What is kept of the text.
    public var cache: ByteCount { layers.map(\.cache).total() }

    /// Computes it from a model's shape.
    ///
    /// `weights` are the bytes of all weights, where another file of the model is meant than the one that the shape was
    /// taken from; they are spread over its parts in the same proportions.
    public init(_ shape: ModelShape, _ settings: MemorySettings, weights: ByteCount? = nil) {
        let cache = CacheSize(settings)
        let compute = ComputeSize(shape, settings)
        let known = shape.weights
        let factor =
            weights.map { known > 0 && $0 != known ? Double($0.bytes) / Double(known.bytes) : 1 } ?? 1
        func scaled(_ size: ByteCount) -> ByteCount { factor == 1 ? size : size.scaled(by: factor) }
        layers = shape.layers.map { Layer(weights: scaled($0.weights), cache: cache.bytes($0)) }
        groups = Dictionary(grouping: shape.layers) { layer in
            ModelShape.Layer(keys: layer.keys, values: layer.values, window: layer.window, state: layer.state)
        }
        .map { kind, layers in
            Group(
                layers: layers.count,
                keys: kind.keys,
                values: kind.values,
                tokens: kind.keys > 0 ? cache.cells(window: kind.window) : 0,
                state: kind.state,
                size: cache.bytes(kind) * layers.count
            )
        }
        .sorted { ($0.size, $0.layers, $0.tokens) > ($1.size, $1.layers, $1.tokens) }
        tokens = cache.cells(window: nil)
        input = scaled(shape.inputWeights)
        output = scaled(shape.outputWeights)
        sharesInput = shape.sharesInput
        self.compute = compute.whole + compute.outputs
        computeOnGPU = compute.onGPU
        computeBesideGPU = compute.besideGPU + compute.outputs
    }
}

extension ByteCount {
    /// Multiplied by a factor that is not negative, within 64 bits.
    func scaled(by factor: Double) -> ByteCount {
        ByteCount(Int64(exactly: (Double(bytes) * factor).rounded()) ?? .max)
    }
}
