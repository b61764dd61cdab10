import Catalog
import Conversion
import Formats
import Hub
import Platform
import Store

/// The safetensors of a model that are on the hub, read as far as is needed to know whether they can be converted.
struct RemoteConversionSource: Sendable {
    /// What must be fetched.
    let plan: PullPlan
    /// What converts it in place of stackctl itself.
    let tools: ContainerTools?
    private let estimate: SizeEstimate
    /// What tools make first of it that quantize that then; `nil` where nothing lies in between.
    private let between: QuantizationTarget?

    /// What to do where there are no safetensors.
    static let otherSource = "pull a GGUF of it in f16, bf16 or f32, where there is one, and convert that"

    /// Refuses a model that cannot be converted before its weights are fetched.
    init(
        _ request: PullRequest,
        _ options: PullOptions,
        _ stack: Stack,
        _ store: ModelStore,
        tools: ContainerTools?,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws(Failure) {
        report(.phase(.resolving, "resolving \(request.model)"))
        let hub = workspace.hub(offline: options.isOffline, report)
        let source = try await request.resolve(hub)
        let planned: PlannedPull
        do throws(Failure) {
            planned = try await FileChoice(request, source, options).run(store, in: workspace, report: report)
        } catch {
            throw error.kind == .notFound && error.cause == nil
                ? error.hinting(instead: Self.otherSource) : error
        }
        plan = try planned.plan(stack: stack, store: store)
        let headers = try await RemoteHeaders(hub: hub, place: source.place, arrayLimit: 0)
            .read(planned.selection).headers
        guard case .safetensors(let parts, let companions) = headers else {
            preconditionFailure("safetensors were asked for")
        }
        let tensors = parts.flatMap(\.header.tensors)
        estimate = SizeEstimate(tensors, besides: plan.files.map { ($0.path, $0.sizeBytes) })
        self.tools = tools
        between = tools.map { _ in tensors.contains { $0.type == .bf16 } ? .bf16 : .f16 }
        if tools != nil { return }
        do throws(HuggingFaceError) {
            guard let configuration = companions.config else { throw .missing("config.json") }
            let shapes = tensors.lazy.map { (name: $0.name, shape: $0.shape) }
            try HuggingFaceModel.check(configuration: configuration, tensors: shapes)
        } catch { throw Failure(folder: error, named: source.repository) }
    }

    /// About the size of the file of a target.
    func size(of target: TargetForm) -> ByteCount { estimate.size(of: target) }

    /// About the size of what lies in between while some targets are made.
    func sizeBetween(_ targets: [TargetForm], _ options: ConvertOptions) -> ByteCount {
        guard let between, !targets.allSatisfy(options.isDirect) else { return 0 }
        return estimate.size(of: TargetForm(between))
    }
}
