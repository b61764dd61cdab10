public import ArgumentParser
public import Catalog
public import Console
public import Operations
public import Platform

extension ModelReference {
    /// Reads what a person typed for a model; a mistake is told with its reason.
    static func typed(_ text: String) throws -> ModelReference {
        do throws(ModelReferenceError) { return try ModelReference(parsing: text) } catch {
            var hint = hintOfLocal(text)
            if case .badQuantization(let name) = error { hint = hint ?? Quantization.hint(near: name) }
            throw ValidationError("\(error)\(hint.map { "\n\nhint: \($0)" } ?? "")")
        }
    }
}

extension Quantization {
    /// Reads a quantization in any spelling; a mistake is told with the names that resemble it, else with all.
    static func typed(_ text: String) throws -> Quantization {
        if let quantization = Quantization(parsing: text) { return quantization }
        throw ValidationError("`\(text)` is no quantization\n\nhint: \(hint(near: text))")
    }

    fileprivate static func hint(near text: String) -> String {
        let near = nearestNames(to: text, in: knownNames)
        guard near.isEmpty else { return "did you mean \(near.map { "`\($0)`" }.joined(separator: " or "))?" }
        return "well-known ones are \(knownNames.joined(separator: ", "))"
    }
}

extension ModelFormat: ExpressibleByArgument {}
extension ConversionEngine: ExpressibleByArgument {}
extension Launch.Format: ExpressibleByArgument {}
extension ColorChoice: ExpressibleByArgument {}
extension ProgressMode: ExpressibleByArgument {}
extension RecommendedPlace: ExpressibleByArgument {}

extension ByteCount: ExpressibleByArgument {
    /// Reads `40M` or `200GB`.
    public init?(argument: String) { self.init(parsing: argument) }
}
