import Catalog
import Conversion
import Formats
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

extension TestHome {
    /// Converts for a stack.
    @discardableResult
    func convert(
        _ model: String,
        _ quants: String...,
        stack: String = "llamacpp",
        reports: Reports = Reports(),
        _ change: (inout ConvertOptions) -> Void = { _ in }
    ) async throws -> [ConvertedModel] {
        let conversion = try conversion(model, quants, change)
        return try await conversion.run(in: workspace(stack: stack), report: reports.reporter)
    }

    /// Converts, and gives the failure that comes of it.
    func failedConversion(
        _ model: String,
        _ quants: String...,
        reports: Reports = Reports(),
        _ change: (inout ConvertOptions) -> Void = { _ in }
    ) async throws -> Failure {
        do {
            _ = try await conversion(model, quants, change).run(in: workspace(), report: reports.reporter)
        } catch let failure as Failure {
            return failure
        }
        throw NoFailure()
    }

    /// What would be done.
    func conversionPlan(
        _ model: String,
        _ quants: String...,
        change: (inout ConvertOptions) -> Void = { _ in }
    ) async throws -> ConvertPlan {
        try await conversion(model, quants, change).plan(in: workspace()) { _ in }
    }

    /// A conversion with so many threads that tests beside it have some too.
    func conversion(
        _ model: String,
        _ quants: [String],
        _ change: (inout ConvertOptions) -> Void = { _ in }
    ) throws -> Convert {
        var options = ConvertOptions()
        options.targets = try quants.map { try #require(ConversionTarget(parsing: $0)) }
        options.threads = 2
        change(&options)
        return Convert(try reference(model), options)
    }

    /// The sample's folder of safetensors, somewhere of the user's.
    func sampleFolder() throws -> FilePath {
        try SampleModel.write(below: directory.appending("mine"))
        return directory.appending("mine/\(SampleModel.repository)")
    }

    /// The sample in a GGUF of the user's.
    func sampleGGUF(_ name: String) throws -> FilePath {
        try SampleModel.write(below: directory.appending("mine"))
        let file = try #require(SampleModel.ggufFiles[name]?.first)
        return directory.appending("mine/\(SampleModel.ggufRepository)/\(file)")
    }

    func manifest(_ folder: String) throws -> Manifest {
        try JSON.decode(Manifest.self, from: read("\(folder)/manifest.json"))
    }
}

/// The sample on the hub, with some files of it replaced.
func sampleRepository(_ id: String = SampleModel.repository, replacing files: [String: StubContent] = [:])
    throws
    -> StubRepository
{
    let prefix = "\(SampleModel.repository)/"
    let own = try SampleModel.files().filter { $0.path.hasPrefix(prefix) }.map {
        (String($0.path.dropFirst(prefix.count)), StubContent.bytes($0.bytes))
    }
    return StubRepository(id, files: Dictionary(uniqueKeysWithValues: own).merging(files) { $1 })
}
