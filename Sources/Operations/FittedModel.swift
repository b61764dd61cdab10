public import Catalog
import Engines
import Formats
import Host
public import Platform

/// What was found out about the memory that a model needs on this machine.
public struct FittedModel: Sendable, Encodable {
    /// Where something was learnt.
    public enum Origin: String, Sendable, Encodable, CaseIterable {
        /// In the header of a stored model's files.
        case stored
        /// In the header of files of this machine.
        case local
        /// In the header of files on a hub.
        case remote
        /// In the catalog, which knows only some of it: the numbers are estimates.
        case catalog
    }

    /// A quantization of the model.
    public struct Row: Sendable, Encodable {
        /// The quantization, or the type of the weights.
        public let quant: String
        /// The format of the files.
        public let format: String
        /// Whether it is stored.
        public let stored: Bool
        /// Where the size of the weights was learnt.
        public let source: Origin
        /// The weights.
        public let weightsBytes: ByteCount?
        /// What is kept of the text.
        public let kvBytes: ByteCount?
        /// What a pass takes.
        public let computeBytes: ByteCount?
        /// The rest: the program, what it leaves free on GPUs, a second copy of weights, what is left of a share.
        public let overheadBytes: ByteCount?
        /// All of it.
        public let totalBytes: ByteCount?
        /// What of it lies on GPUs.
        public let gpuBytes: ByteCount?
        /// What of it lies in the processors' memory.
        public let hostBytes: ByteCount?
        /// `gpu`, `partial`, `cpu`, `no` or `unknown`.
        public let verdict: String
        /// How many of the layers lie on GPUs.
        public let gpuLayers: Int?
        /// How many layers there are.
        public let layers: Int?
        /// What is worth knowing besides.
        public let remarks: [String]
        /// The verdict in words.
        public let answer: String

        private enum CodingKeys: String, CodingKey {
            case quant, format, stored, source, weightsBytes, kvBytes, computeBytes, overheadBytes, totalBytes
            case gpuBytes, hostBytes, verdict, gpuLayers, layers, remarks
        }
    }

    /// Layers that keep the same of the text.
    public struct KeptLayers: Sendable, Encodable {
        /// How many they are.
        public let layers: Int
        /// The elements of a token's keys and values.
        public let keys, values: Int
        /// The tokens there is room for.
        public let tokens: Int
        /// The elements kept of a request, whatever its length.
        public let state: Int
        /// What they keep together.
        public let sizeBytes: ByteCount
    }

    /// The model's name.
    public let model: String
    /// The stack whose engine would run it.
    public let stack: String
    /// The engine.
    public let engine: EngineName
    /// Where the model's shape was learnt.
    public let source: Origin
    /// The longest context that the model was made for.
    public let contextLength: Int?
    /// The tokens that are kept.
    public let context: Int
    /// The requests that are served at once.
    public let parallel: Int
    /// How keys and values are stored.
    public let kvType: String
    /// How many layers keep what.
    public let kvLayers: [KeptLayers]
    /// Why the need is not known, if it is not.
    public let unknown: String?
    /// The machine, with what the stack's own container has counted as free.
    public let host: HostSummary
    /// The quantizations, the smallest first.
    public let rows: [Row]
}

extension FittedModel {
    init(
        _ facts: FitFacts,
        _ stack: Stack,
        _ settings: MemorySettings,
        _ host: HostProfile,
        _ rows: [Row]
    ) {
        model = facts.model
        self.stack = stack.name
        engine = stack.engine
        source = facts.origin
        contextLength = facts.contextLength
        context = settings.context
        parallel = settings.slots
        kvType = settings.keyType.rawValue
        let need = facts.shape.map { MemoryNeed($0, settings) }
        kvLayers = (need?.groups ?? []).map { group in
            KeptLayers(
                layers: group.layers,
                keys: group.keys,
                values: group.values,
                tokens: group.tokens,
                state: group.state,
                sizeBytes: group.size
            )
        }
        unknown = facts.trouble?.description
        self.host = HostSummary(host)
        self.rows = rows
    }
}

extension FittedModel.Row {
    init(
        _ form: FitForm,
        _ shape: ModelShape?,
        _ settings: MemorySettings,
        on host: HostProfile,
        dividedOver gpus: Int
    ) {
        (quant, format, stored, source) = (form.quant, form.format.rawValue, form.isStored, form.origin)
        weightsBytes = form.weights
        let need = (form.shape ?? shape).flatMap { shape in
            form.weights.map { MemoryNeed(shape, settings, weights: $0) }
        }
        let fit = need?.fit(settings, on: host, dividedOver: gpus)
        kvBytes = fit?.cache
        computeBytes = fit?.compute
        overheadBytes = fit?.overhead
        totalBytes = fit?.total
        gpuBytes = fit?.onGPUs
        hostBytes = fit?.onHost
        verdict = (fit?.verdict ?? .unknown).rawValue
        gpuLayers = fit?.gpuLayers
        layers = need?.layers.count
        remarks = (fit?.remarks ?? []).map(\.words)
        answer = fit.map { $0.words(layers: need?.layers.count) } ?? "unknown"
    }
}

extension MemoryFit {
    /// The verdict in words.
    func words(layers: Int?) -> String {
        switch verdict {
        case .gpu: "on the GPU"
        case .partial: "\(gpuLayers)\(layers.map { " of \($0)" } ?? "") layers on the GPU"
        case .cpu: "in RAM"
        case .no: "no"
        case .unknown: "unknown"
        }
    }
}

extension MemoryFit.Remark {
    /// The fact in words.
    var words: String {
        switch self {
        case .fitsWithContext(let tokens): "a context of \(tokens) tokens would fit"
        case .leftForCache(let size, let tokens):
            "\(size) of the engine's share are left for keys and values, room for \(tokens) tokens"
        case .shareNotFree(let missing):
            "the engine wants its share free when it starts, and \(missing) of it are in use"
        case .needsGPU: "the engine wants a GPU"
        case .needsGPUs(let count): "the engine is told to use \(count) GPUs, and this host has fewer"
        case .partitioned: "a GPU is divided into instances (MIG), whose sizes are not known here"
        case .missing(let size): "\(size) are missing"
        case .freeNow(let size): "only \(size) of the memory are free now"
        }
    }
}
