import Catalog
import Docker
import Engines
import Host
import Platform
import Store

/// A model that may answer for a profile, and what is told of it if it does.
struct RoutableModel: Sendable {
    let stack: Stack
    /// Its name in the store, or in the catalog.
    let name: String
    let format: String
    let quant: String
    /// What a client sends as its name.
    var sent: String
    /// What to type for it.
    let typed: String
    let limits: ModelLimits
    /// What holds for a launch of it.
    let settings: EffectiveSettings
    var candidate: RoutingCandidate

    var state: RoutedModel.State {
        candidate.isServing ? .serving : candidate.isStored ? .stored : .available
    }
}

/// Finds out what there is to choose from, and what the choice depends on.
struct RoutableModels: Sendable {
    private let workspace: Workspace
    private let catalog: ModelCatalog
    private let table: LimitTable
    private let report: Reporter

    init(_ workspace: Workspace, _ report: @escaping Reporter) throws(Failure) {
        self.workspace = workspace
        self.report = report
        catalog = try workspace.catalog()
        table = try workspace.limits()
    }

    /// What models may be said to be of the family of.
    var families: Set<String> {
        Set(
            (table.limits.compactMap(\.family) + catalog.entries.compactMap(\.family)).map { $0.lowercased() }
        )
        .union(catalog.entries.map(\.name))
    }

    // MARK: Stored

    /// The models of the stacks, each in the form that its stack serves or would serve.
    func stored() async throws(Failure) -> [RoutableModel] {
        var found: [RoutableModel] = []
        let isChosen = workspace.stackName != nil
        for stack in try stacks() {
            do throws(Failure) { found += try await stored(in: stack) } catch {
                // One volume that cannot be read must not hide the others.
                guard !isChosen else { throw error }
                report(.warning(error.message))
            }
        }
        return found
    }

    /// The stack that is meant where none is named comes first.
    private func stacks() throws(Failure) -> [Stack] {
        let all = try workspace.selectedStacks()
        guard let first = try? workspace.stack().name else { return all }
        return all.filter { $0.name == first } + all.filter { $0.name != first }
    }

    private func stored(in stack: Stack) async throws(Failure) -> [RoutableModel] {
        let own = Workspace(home: workspace.home, environment: workspace.environment, stackName: stack.name)
        let store = try await workspace.store(of: stack)
        let forms: [StoredModel]
        do throws(StoreError) { forms = try store.models().models } catch { throw Failure(store: error) }
        let served = await served(by: stack, store)
        var found: [RoutableModel] = []
        for (name, forms) in Dictionary(grouping: forms, by: \.key.model).sorted(by: { $0.key < $1.key }) {
            let settings = await settings(of: name, stack, own)
            let form = usual(of: forms, served: served?.key, settings)
            let typed = store.reference(name, quant: form.key.quant)
            var model: RoutableModel
            do throws(Failure) { model = try await described(form, typed, stack, settings, own) } catch {
                // One that cannot be looked at must not hide the others.
                guard error.kind != .cancelled else { throw error }
                report(.warning("`\(name)` in `\(stack.name)` is passed over: \(error.message)"))
                continue
            }
            if let served, served.key == form.key {
                model.candidate.isServing = true
                // A server that answers is no longer to be judged by what a new launch would come to.
                model.candidate.obstacle = nil
                model.sent = served.name ?? model.sent
            }
            found.append(model)
        }
        return found
    }

    /// What a launch is told; a mistake in what is declared is told by the launch.
    private func settings(of name: String, _ stack: Stack, _ own: Workspace) async -> EffectiveSettings {
        let reference = try? ModelReference(parsing: name)
        var config: ModelConfig?
        if let reference { config = try? await ConfiguredModel(reference.spelledOut, in: own).config }
        return (try? EffectiveConfig(config, of: stack, in: own).settings) ?? stack.settings
    }

    /// The form that is served, else the one that a launch would take.
    private func usual(
        of forms: [StoredModel],
        served: ModelKey?,
        _ settings: EffectiveSettings
    ) -> StoredModel {
        if let form = forms.first(where: { $0.key == served }) { return form }
        let whole = forms.filter { $0.firstMissingFile == nil }
        let candidates = whole.isEmpty ? forms : whole
        let ofFormat = candidates.filter { $0.key.format == settings[.format]?.rawValue }
        let usual = ofFormat.first { $0.key.quant == settings[.quant]?.name }
        let largest = (ofFormat.isEmpty ? candidates : ofFormat).max { $0.manifest.size < $1.manifest.size }
        return usual ?? largest ?? forms[0]
    }

    private func described(
        _ form: StoredModel,
        _ typed: String,
        _ stack: Stack,
        _ settings: EffectiveSettings,
        _ own: Workspace
    ) async throws(Failure) -> RoutableModel {
        let name = form.key.model
        var obstacle: String?
        var sent = name
        let reference: ModelReference
        do throws(ModelReferenceError) { reference = try ModelReference(parsing: name).spelledOut } catch {
            throw Failure(.invalid, "its name cannot be typed: \(error)")
        }
        let quant = Quantization(parsing: form.key.quant)
        let format = ModelFormat(rawValue: form.key.format)
        do throws(Failure) {
            sent = try await Launch(reference, format: format, quant: quant).plan(in: own).launch.model
        } catch { obstacle = error.message }
        let limits = try await LimitLookup(reference, quant: quant).run(in: own) { _ in }
        let source = form.manifest.source
        let repository = source.kind == .hub ? source.repository : nil
        let entry = catalog.entry(for: reference)?.entry ?? repository.flatMap(entry(from:))
        let names = reference.names(in: catalog) + [repository].compactMap(\.self)
        var candidate = RoutingCandidate(names, limits, entry)
        candidate.parameters = form.manifest.facts.parameters.map { Int($0) } ?? entry?.parameters
        candidate.obstacle = obstacle
        return RoutableModel(
            stack: stack,
            name: name,
            format: form.key.format,
            quant: form.key.quant,
            sent: sent,
            typed: typed,
            limits: limits,
            settings: settings,
            candidate: candidate
        )
    }

    /// The model of the catalog whose weights a repository has.
    private func entry(from repository: String) -> CatalogEntry? {
        let wanted = repository.lowercased()
        return catalog.entries.first { entry in
            entry.safetensors?.lowercased() == wanted
                || entry.gguf.values.contains { $0.repository.lowercased() == wanted }
        }
    }

    // MARK: Served

    /// The stored model that a stack serves at this moment, and what its server calls it, if that is known.
    private func served(by stack: Stack, _ store: ModelStore) async -> (key: ModelKey, name: String?)? {
        guard let engine = try? workspace.engine(),
            let container = (try? await stack.findContainer(in: engine)) ?? nil, container.state.running,
            let verdict = try? await ServerProbe(stack, model: nil, container: container).ask(
                completes: false
            ),
            verdict.isReady, let key = await Status().served(of: stack, container, workspace)?.key
        else { return nil }
        let active = (try? store.launchState(of: stack.name))?.active
        let isSame =
            active.map { ($0.model, $0.format, $0.quant) == (key.model, key.format, key.quant) } ?? false
        return (key, isSame ? active?.name : nil)
    }

    // MARK: Available

    /// The models of the catalog that fit this host, and that are not stored, as the stack would serve them; of those that
    /// were made for what the profile is for, only what `recommend` would name.
    func available(
        for profile: Profile,
        besides stored: [RoutableModel]
    ) async throws(Failure) -> [RoutableModel] {
        let stack = try workspace.stack()
        let disk = try await DiskUse(of: stack, in: workspace)
        let read = await HostProfile.read(environment: workspace.environment)
        let host = await ServedMemory(stack).released(on: read, in: workspace)
        if let trouble = host.gpuTrouble { report(.warning(Doctor.words(for: trouble).message)) }
        let names = Set(stored.map { $0.name.lowercased() })
        let entries = catalog.entries.filter { !names.contains($0.reference) }
        var question = Recommendation.Question(entries, stack: stack, host: host, freeDisk: disk.fitsBytes)
        question.entries = entries.filter { !profile.concerns($0) }
        var choices = Recommendation(question).choices
        if !profile.useCases.isEmpty {
            (question.entries, question.profile) = (entries, profile)
            question.rungs = try profile.rungs(in: catalog)
            choices = Recommendation(question).choices + choices
        }
        var models: [RoutableModel] = []
        for choice in choices {
            var model = await available(choice.form, stack)
            if choice.reason.isRung { model.candidate.isRecommended = true }
            models.append(model)
        }
        return models
    }

    private func available(_ form: CatalogForm, _ stack: Stack) async -> RoutableModel {
        let entry = form.entry
        let names = form.reference.names(in: catalog)
        let table = table.limits(named: names)
        let limits = ModelLimits(entry.reference, header: nil, table: table, entry: entry)
        var candidate = RoutingCandidate(names, limits, entry)
        (candidate.parameters, candidate.isStored) = (entry.parameters, false)
        let key = try? ModelKey(
            model: entry.reference,
            format: form.format.rawValue,
            quant: form.quantization.name
        )
        return RoutableModel(
            stack: stack,
            name: entry.reference,
            format: form.format.rawValue,
            quant: form.quantization.name,
            sent: stack.engine == .mistralrs
                ? key?.path(below: stack.mount) ?? entry.reference : entry.reference,
            typed: "\(form.reference)",
            limits: limits,
            settings: await settings(of: entry.reference, stack, workspace),
            candidate: candidate
        )
    }
}

extension RoutingCandidate {
    fileprivate init(_ names: [String], _ limits: ModelLimits, _ entry: CatalogEntry?) {
        let families = [limits.family, entry?.family, entry?.name].compactMap { $0?.lowercased() }
        self.init(
            names: names,
            families: Set(families),
            profiles: Set(limits.profiles),
            useCases: Set(entry?.useCases ?? []),
            isKnown: limits.pattern != nil || entry != nil,
            context: limits.contextWindow,
            capabilities: Set(Capability.allCases.filter(limits.can))
        )
        isRecommended = entry?.recommended ?? false
    }
}

extension Recommendation.Reason {
    /// Whether the ladder of a profile has it.
    fileprivate var isRung: Bool {
        switch self {
        case .rung, .lowerRung: true
        case .ofProfile, .ofCatalog, .fits: false
        }
    }
}
