public import Catalog
import Formats
import Platform
import Store
import SystemPackage

/// Finds out what a model can take and what it is capable of.
public struct LimitLookup: Sendable {
    private let reference: ModelReference
    private let quant: Quantization?

    /// Describes a question.
    public init(_ reference: ModelReference, quant: Quantization? = nil) {
        self.reference = reference
        self.quant = quant
    }

    /// Answers by the model's own files where they are here, else by the table and the catalog; nobody is asked.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> ModelLimits
    {
        let model = try await ConfiguredModel(reference, quant: quant, in: workspace)
        if model.reference != reference {
            return try await LimitLookup(model.reference, quant: model.quant).run(
                in: workspace,
                report: report
            )
        }
        let (table, catalog) = (try workspace.limits(), try workspace.catalog())
        let entry = catalog.entry(for: reference)?.entry
        var found: Found?
        if case .local(let path) = reference.source {
            found = try local(path)
        } else {
            found = await stored(in: workspace, report)
        }
        let names = reference.names(in: catalog) + (found?.names ?? [])
        let limits = ModelLimits(
            found?.model ?? entry?.reference ?? "\(reference)",
            header: found?.header,
            stack: found?.stack,
            table: table.limits(named: names),
            entry: entry
        )
        if !limits.known { report(unknown(catalog)) }
        return limits
    }

    /// A model whose files are on this machine.
    private struct Found {
        var model: String
        var stack: String?
        var names: [String] = []
        var header: HeaderLimits?
    }

    // MARK: Local

    private func local(_ path: FilePath) throws(Failure) -> Found {
        var options = InspectOptions()
        options.quant = quant
        let headers = try LocalModel(path, options, GGUFHeader.usualArrayLimit).read().0
        let name = path.lexicallyNormalized().lastComponent?.string ?? path.string
        // What lies beside a file of this machine may belong to another model.
        return Found(model: name, header: HeaderLimits(headers, projectors: nil))
    }

    // MARK: Stored

    /// The stored form that a launch would serve, else any: they differ in little.
    private func stored(in workspace: Workspace, _ report: Reporter) async -> Found? {
        do throws(Failure) {
            let (stack, _, models) = try await StoredLookup(reference: reference, quant: quant).all(
                in: workspace
            )
            let ofFormat = models.filter { $0.key.format == stack.defaults.format.rawValue }
            let usual = ofFormat.first { $0.key.quant == stack.defaults.quantization?.name }
            guard let model = usual ?? ofFormat.first ?? models.first else { return nil }
            var found = Found(model: model.key.model, stack: stack.name, names: model.manifest.source.names)
            found.header = try header(of: model)
            return found
        } catch {
            report(.warning("\(error.message): going by the table"))
            return nil
        }
    }

    private func header(of model: StoredModel) throws(Failure) -> HeaderLimits? {
        guard let headers = try LocalHeaders(arrayLimit: GGUFHeader.usualArrayLimit).read(model) else {
            return nil
        }
        let folder = model.layout.directory(of: model.key)
        var projectors: [GGUFHeader] = []
        for file in model.manifest.files where file.path.isProjector {
            do throws(FormatError) { projectors.append(try GGUFHeader.read(file.path.below(folder))) } catch {
                throw Failure(error, of: file.path.string)
            }
        }
        return HeaderLimits(headers, projectors: projectors)
    }

    // MARK: Unknown

    private func unknown(_ catalog: ModelCatalog) -> Report {
        let message = "`\(reference)` is unknown: these limits are safe to assume"
        guard case .catalog = reference.source, let near = catalog.nearest(to: "\(reference)", most: 1).first
        else {
            return .warning(message)
        }
        return .warning("\(message); did you mean `\(near)`?")
    }
}

extension Manifest.Source {
    /// The names that it has where it came from.
    fileprivate var names: [String] {
        switch kind {
        case .hub: [repository]
        case .ollama: ["\(repository.split(separator: "/").last ?? ""):\(requestedRevision ?? "latest")"]
        case .local: []
        }
    }
}

extension Workspace {
    /// The limits of models by patterns of their names.
    func limits() throws(Failure) -> LimitTable {
        do throws(DeclarationError) { return try LimitTable.load(home: home.path) } catch {
            throw Failure(declaration: error)
        }
    }
}
