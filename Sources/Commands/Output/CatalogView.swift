import Catalog
import Console
import Platform

/// A model of the catalog, as JSON and as a person reads it.
struct CatalogView: Encodable {
    struct GGUF: Encodable {
        let quant: String
        let repository: String
        let file: String?
        let sha256: String?
    }

    let model: String
    let aliases: [String]
    let description: String?
    let family: String?
    let licence: String?
    let gated: Bool?
    let useCases: [String]
    let tags: [String]
    let sizeClass: String?
    let recommended: Bool
    let safetensors: String?
    let tokenizer: String?
    let gguf: [GGUF]
    let parameters: Int?
    let layers: Int?
    let heads: Int?
    let kvHeads: Int?
    let headSize: Int?
    let contextLength: Int?
    let origin: String

    init(_ entry: CatalogEntry) {
        (model, description, family, licence, gated) =
            (entry.reference, entry.description, entry.family, entry.licence, entry.gated)
        aliases =
            entry.aliases.map { "\(entry.name):\($0)" }
            + (entry.isDefault && entry.reference != entry.name ? [entry.name] : [])
        (useCases, tags, sizeClass, recommended) = (
            entry.useCases, entry.tags, entry.sizeClass?.rawValue, entry.recommended
        )
        (safetensors, tokenizer) = (entry.safetensors, entry.tokenizer)
        gguf = entry.quantizations.compactMap { quant in
            entry.gguf[quant].map {
                GGUF(quant: quant.name, repository: $0.repository, file: $0.file, sha256: $0.sha256?.hex)
            }
        }
        (parameters, layers, heads, kvHeads, headSize, contextLength) =
            (entry.parameters, entry.layers, entry.heads, entry.kvHeads, entry.headSize, entry.context)
        origin = "\(entry.origin)"
    }

    static func table(_ entries: [CatalogEntry], for terminal: Terminal) -> String {
        guard !entries.isEmpty else { return "" }
        var table = Table([
            .init("model", weight: .high), .init("params", .trailing),
            .init("context", .trailing, weight: .low), .init("quants", isFlexible: true), .init("licence"),
            .init("use", isFlexible: true, weight: .low), .init("", weight: .low),
        ])
        for entry in entries {
            table.add([
                .init(entry.reference, entry.recommended ? .bold : nil),
                .init(entry.parameters.map { ModelListView.count(Int64($0)) } ?? "-"),
                .init(entry.context.map { "\($0)" } ?? "-"),
                .init(
                    entry.quantizations.isEmpty ? "-" : entry.quantizations.map(\.name).joined(separator: " ")
                ),
                .init("\(entry.licence ?? "-")\(entry.gated == true ? " (gated)" : "")"),
                .init(entry.useCases.joined(separator: ", ")), .init(entry.recommended ? "recommended" : ""),
            ])
        }
        return table.rendered(for: terminal)
    }

    func text(for terminal: Terminal) -> String {
        let text = DefinitionList(lines: [
            ("model", model), ("also", aliases.isEmpty ? nil : aliases.joined(separator: ", ")),
            ("is", description),
            ("family", family),
            ("licence", licence.map { "\($0)\(gated == true ? ", to be accepted on the hub" : "")" }),
            ("use", useCases.joined(separator: ", ")), ("parameters", parameters.map { "\($0)" }),
            ("shape", shape), ("context", contextLength.map { "\($0) tokens" }), ("safetensors", safetensors),
            ("tokenizer", tokenizer == safetensors ? nil : tokenizer), ("declared in", origin),
        ]).rendered(for: terminal)
        guard !gguf.isEmpty else { return text }
        var table = Table([
            .init("quant", weight: .high), .init("repository", isFlexible: true),
            .init("file", isFlexible: true),
        ])
        for source in gguf {
            table.add([.init(source.quant), .init(source.repository), .init(source.file ?? "-")])
        }
        return text + "\n" + table.rendered(for: terminal)
    }

    private var shape: String? {
        let parts = [
            layers.map { "\($0) layers" }, heads.map { "\($0) heads" },
            kvHeads.map { "\($0) for keys and values" },
            headSize.map { "of size \($0)" },
        ].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
