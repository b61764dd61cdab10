import Console
import FoundationEssentials
import Operations
import Platform

/// How `show` looks to a person.
enum ShownModelView {
    static func text(_ model: ShownModel, for terminal: Terminal) -> String {
        var lines: [(String, String?)] = [
            ("model", model.model), ("stack", model.stack), ("format", "\(model.format) \(model.quant)"),
            ("size", "\(model.sizeBytes)"), ("folder", model.path), ("in the container", model.containerPath),
            ("source", source(of: model)),
            (
                "revision",
                model.source.revision.map {
                    "\($0)\(model.source.requestedRevision.map { " (\($0))" } ?? "")"
                }
            ),
            ("converted from", model.conversion.map(origin)), ("licence", model.licence),
        ]
        lines += header(model.header) + memory(model.memory)
        lines += [
            ("pulled", model.pulledAt.formatted(.iso8601)),
            ("last used", model.lastUsedAt.map { $0.formatted(.iso8601) }),
        ]
        var table = Table([
            .init("file", isFlexible: true, weight: .high), .init("size", .trailing, weight: .high),
            .init("sha256", isFlexible: true, weight: .low),
        ])
        for file in model.files {
            table.add([.init(file.path.string), .init("\(file.sizeBytes)"), .init(file.sha256)])
        }
        for adapter in model.adapters ?? [] { lines.append(("adapter", adapter.string)) }
        return DefinitionList(lines: lines).rendered(for: terminal) + "\n" + table.rendered(for: terminal)
    }

    private static func origin(of conversion: ShownModel.Conversion) -> String {
        let size = conversion.files.lazy.map(\.sizeBytes).total()
        let form = [conversion.format, conversion.quant].compactMap(\.self) + conversion.options
        let maker =
            conversion.image.map { "the tools in \($0.name) (\($0.digest ?? $0.id))" }
            ?? "the engine \(conversion.engine)"
        return "\(form.joined(separator: " ")), \(size), by \(maker)"
    }

    private static func source(of model: ShownModel) -> String {
        let source = model.source
        return source.kind == "ollama"
            ? "\(source.repository) of \(source.endpoint ?? "a registry")" : source.repository
    }

    private static func header(_ header: ShownModel.Header?) -> [(String, String?)] {
        guard let header else { return [("header", "cannot be read")] }
        let heads = header.heads.map { heads in
            "\(heads) heads, \(header.kvHeads ?? heads) for keys and values"
        }
        let shape = [header.layers.map { "\($0) layers" }, heads, header.headSize.map { "of size \($0)" }]
            .compactMap(\.self)
        return [
            ("architecture", header.architecture),
            ("parameters", header.parameters.map { "\($0) (\(ModelListView.count(Int64($0))))" }),
            ("shape", shape.isEmpty ? nil : shape.joined(separator: ", ")),
            ("experts", header.experts.map { "\($0)" }),
            ("context", header.contextLength.map { "\($0) tokens" }),
            ("vocabulary", header.vocabularySize.map { "\($0) tokens" }),
            ("bits per weight", header.bitsPerWeight.map { "\(Double(Int($0 * 100 + 0.5)) / 100)" }),
            ("chat template", header.hasChatTemplate ? "yes" : "no"),
        ]
    }

    private static func memory(_ memory: ShownModel.Memory?) -> [(String, String?)] {
        guard let memory else { return [] }
        let context = memory.kvBytesPerToken.map { ", \($0) for each token of context" }
        return [("memory", "\(memory.weightsBytes) for the weights\(context ?? "")")]
    }
}
