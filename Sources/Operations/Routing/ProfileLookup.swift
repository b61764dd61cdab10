import Catalog
import Engines
import Platform

extension ProfileTable {
    /// The profile of a name; that there is none is a failure that names those that may have been meant.
    func found(_ name: String, among offered: [Profile]) throws(Failure) -> Profile {
        if let found = profile(named: name) { return found }
        let near = nearestNames(to: name, in: profiles.flatMap(\.names)).first
        let names = offered.map { "`\($0.name)`" }.joined(separator: ", ")
        throw Failure(
            .notFound,
            "there is no profile `\(name)`",
            hint: near.map { "did you mean `\($0)`?" } ?? "the profiles are \(names)"
        )
    }
}

extension Profile {
    /// Its ladder, found in the catalog.
    func rungs(in catalog: ModelCatalog) throws(Failure) -> [Recommendation.Rung] {
        do throws(DeclarationError) {
            var rungs: [Recommendation.Rung] = []
            for rung in ladder {
                let (entry, quantization) = try rung.resolved(in: catalog)
                rungs.append(.init(memory: rung.memory, entry: entry, quantization: quantization))
            }
            return rungs
        } catch { throw Failure(declaration: error) }
    }
}
