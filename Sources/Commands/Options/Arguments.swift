public import ArgumentParser
public import Catalog
public import Console
public import Operations
public import Platform

extension ModelReference {
    /// Reads what a person typed for a model; a mistake is told with its reason.
    static func typed(_ text: String) throws -> ModelReference {
        do throws(ModelReferenceError) { return try ModelReference(parsing: text) } catch {
            throw ValidationError("\(error)")
        }
    }
}

extension Quantization: ExpressibleByArgument {
    /// Reads a quantization in any spelling.
    public init?(argument: String) { self.init(parsing: argument) }
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
