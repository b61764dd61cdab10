import Catalog
import Engines
import Host
import Platform
import Store

/// Where a recommended model is to lie.
public enum RecommendedPlace: String, Sendable, CaseIterable {
    /// In the memory of the processors.
    case ram
    /// On GPUs.
    case vram
}

/// Finds the models of the catalog that are best for this host.
public struct Recommend: Sendable {
    private let profile: String?
    private let place: RecommendedPlace?

    /// How many are named.
    private static let most = 6

    /// Describes a question: for a profile or for all of them, in a kind of memory or in what there is.
    public init(profile: String? = nil, place: RecommendedPlace? = nil) {
        self.profile = profile
        self.place = place
    }

    /// Answers by the catalog and the host; the hub is not asked.
    public func run(in workspace: Workspace, report: Reporter) async throws(Failure) -> Recommendations {
        let stack = try workspace.stack()
        let catalog = try workspace.catalog()
        let profiles = try chosen(try workspace.profiles())
        let store = try await workspace.store(of: stack)
        let disk = try await DiskUse(of: stack, in: workspace)
        let stored: [StoredModel]
        do throws(StoreError) { stored = try store.models().models } catch { throw Failure(store: error) }
        let read = await HostProfile.read(environment: workspace.environment)
        let host = await ServedMemory(stack).released(on: read, in: workspace)
        if let trouble = host.gpuTrouble { report(.warning(Doctor.words(for: trouble).message)) }
        var question = Recommendation.Question(
            catalog.entries,
            stack: stack,
            host: host,
            freeDisk: disk.fitsBytes,
            place: place.flatMap { MemoryPlace(rawValue: $0.rawValue) },
            stored: Set(
                stored.filter { $0.firstMissingFile == nil }
                    .map { .init(model: $0.key.model, quant: $0.key.quant) }
            )
        )
        var found: [(profile: Profile, recommendation: Recommendation)] = []
        for profile in profiles {
            question.profile = profile
            question.rungs = try profile.rungs(in: catalog)
            found.append((profile, Recommendation(question)))
        }
        return Recommendations(
            found,
            stack: stack,
            host: host,
            freeDisk: disk.fitsBytes,
            in: workspace,
            most: Self.most
        )
    }

    private func chosen(_ table: ProfileTable) throws(Failure) -> [Profile] {
        guard let profile else { return table.recommending }
        let found = try table.found(profile, among: table.recommending)
        guard found.useCases.isEmpty else { return [found] }
        throw Failure(
            .notFound,
            "the profile `\(found.name)` has no `use_cases` to recommend anything by",
            hint:
                "`stackctl route \(found.name) --all` names the model of the catalog that would answer for it"
        )
    }
}

extension Workspace {
    /// What models are wanted for.
    func profiles() throws(Failure) -> ProfileTable {
        do throws(DeclarationError) { return try ProfileTable.load(home: home.path) } catch {
            throw Failure(declaration: error)
        }
    }
}
