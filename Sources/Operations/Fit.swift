public import Catalog
import Engines
import Formats
import Host

/// How a question after memory was asked, beyond the model's name.
public struct FitOptions: Sendable {
    /// The tokens to keep.
    public var context: Int?
    /// The requests served at once.
    public var slots: Int?
    /// How keys and values are stored: one of `cacheTypes`.
    public var cacheType: String?
    /// The only quantization that is asked about.
    public var quant: Quantization?
    /// The branch, tag or commit.
    public var revision: String?
    /// What the flags of a command set, which goes before all that is declared.
    var flags = EffectiveSettings()
    /// Whether the hub must not be asked.
    public var isOffline = false

    /// The usual way.
    public init() {}

    /// The names of the types that keys and values can be stored as.
    public static let cacheTypes = TensorType.cacheNames
}

/// Works out whether a model has room on this machine, in each quantization that there is of it.
public struct Fit: Sendable {
    private let reference: ModelReference
    private let options: FitOptions

    /// Describes a question.
    public init(_ reference: ModelReference, _ options: FitOptions = FitOptions()) {
        self.reference = reference
        self.options = options
    }

    /// Answers by what headers and lists say; nothing is started or fetched but headers.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> FittedModel
    {
        let model = try await ConfiguredModel(reference, quant: options.quant, in: workspace)
        let stack = try workspace.stack(serving: model, flags: options.flags)
        let host = await HostProfile.read(environment: workspace.environment)
        let found = try await FitSource(model.reference, options, stack).find(in: workspace, report)
        let settings = MemorySettings(
            of: stack,
            contextLength: found.contextLength,
            context: options.context,
            slots: options.slots,
            cacheType: options.cacheType.flatMap(TensorType.init(cache:))
        )
        let served = await ServedMemory(stack).released(on: host, in: workspace)
        let rows = found.forms.map { form in
            FittedModel.Row(form, found.shape, settings, on: served, dividedOver: stack.dividedOver)
        }
        return FittedModel(found, stack, settings, served, rows)
    }
}
