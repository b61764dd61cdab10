import Console
import Operations
import Platform

/// How `inspect` looks to a person.
struct InspectedModelView {
    private let model: InspectedModel
    /// Whether values are shown whole, whatever the width of the terminal.
    private let isFull: Bool

    init(_ model: InspectedModel, isFull: Bool) { (self.model, self.isFull) = (model, isFull) }

    func text(for terminal: Terminal) -> String {
        var parts = [head(for: terminal), types(for: terminal)]
        if model.files.count > 1 { parts.append(files(for: terminal)) }
        parts.append(metadata(for: terminal))
        if let tensors = model.tensors { parts.append(table(of: tensors, for: terminal)) }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    // MARK: The head

    private func head(for terminal: Terminal) -> String {
        let lines = identity + shape + text + quantization
        guard terminal.isTerminal, !isFull else {
            return DefinitionList(lines: lines).rendered(for: terminal)
        }
        let width = terminal.width - (lines.map(\.0.count).max() ?? 0) - 2
        return DefinitionList(lines: lines.map { ($0, $1.map { truncated($0, to: max(8, width)) }) })
            .rendered(for: terminal)
    }

    private var identity: [(String, String?)] {
        let version = model.version.map { " version \($0)" } ?? ""
        let order = model.header.byteOrder.map { ", \($0)" } ?? ""
        let source = model.source
        let stored = source.stack.map { "\(source.model ?? "") of \($0)" }
        let remote = source.repository.map { repository in
            "\(repository)\(source.revision.map { " at \($0.prefix(8))" } ?? "")"
        }
        let several = model.files.count > 1 ? " in \(model.files.count) files" : ""
        return [
            ("format", (model.format == "gguf" ? "GGUF" : model.format) + version + order),
            ("kind", model.kind == "model" ? nil : model.kind), ("source", stored ?? remote ?? source.path),
            ("name", model.header.name), ("architecture", model.header.architecture),
            (
                "parameters",
                model.totals.tensors == 0
                    ? nil : "\(Self.count(model.totals.parameters)) (\(model.totals.parameters))"
            ),
            ("size", "\(model.files.lazy.map(\.sizeBytes).total())\(several)"),
        ]
    }

    private var quantization: [(String, String?)] {
        let header = model.header
        let matrix = model.imatrix.map { matrix in
            let made = [matrix.chunks.map { "\($0) chunks" }, matrix.dataset.map { "of \($0)" }]
                .compactMap(\.self).joined(separator: " ")
            return [matrix.file, matrix.entries.map { "\($0) entries" }, made.isEmpty ? nil : made]
                .compactMap(\.self).joined(separator: ", ")
        }
        let adapter = model.adapter.map { adapter in
            [
                adapter.type, adapter.rank.map { "of rank \($0)" },
                adapter.alpha.map { "with alpha \(Self.number($0))" }, adapter.base.map { "for \($0)" },
            ].compactMap(\.self).joined(separator: " ")
        }
        return [
            (
                "quantization",
                header.quantization.map { "\($0)\(header.fileType.map { " (file type \($0))" } ?? "")" }
            ),
            ("bits per weight", model.totals.bitsPerWeight.map { Self.number(($0 * 100).rounded() / 100) }),
            ("imatrix", matrix), ("adapter", adapter), ("licence", header.licence),
        ]
    }

    private var shape: [(String, String?)] {
        let header = model.header
        let heads = header.heads.map { "\($0) heads, \(header.kvHeads ?? $0) for keys and values" }
        let shape = [
            header.layers.map { "\($0) layers" }, heads, header.headSize.map { "of size \($0)" },
        ].compactMap(\.self)
        return [
            ("context", header.contextLength.map { "\($0) tokens" }),
            ("shape", shape.isEmpty ? nil : shape.joined(separator: ", ")),
            ("embedding", header.embeddingLength.map { "\($0)" }),
            ("experts", header.experts.map { "\($0)" }),
            ("vocabulary", header.vocabularySize.map { "\($0) tokens" }),
        ]
    }

    private var text: [(String, String?)] {
        let tokenizer = model.tokenizer.map { tokenizer in
            [tokenizer.model, tokenizer.pre.map { "pre-tokenizer \($0)" }].compactMap(\.self)
                .joined(separator: ", ")
        }
        let tokens = model.tokenizer?.specialTokens.map { token in
            [token.name, token.text, token.id.map { "(\($0))" }].compactMap(\.self).joined(separator: " ")
        }
        let template = model.chatTemplate.map { template in
            let names = template.names.isEmpty ? "" : "; also \(template.names.joined(separator: ", "))"
            return
                "\(template.characters) characters, with\(template.mentionsTools ? "" : "out") tools\(names)"
        }
        return [
            ("tokenizer", tokenizer), ("special tokens", tokens?.joined(separator: ", ")),
            ("chat template", template ?? (model.kind == "model" && tokenizer != nil ? "none" : nil)),
        ]
    }

    /// A number of weights with three digits: `7.62 B`, `494 M`.
    static func count(_ parameters: Int) -> String {
        let steps: [(Double, String)] = [(1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " K")]
        // What would round up to a thousand of a step is one of the next.
        guard let (unit, name) = steps.first(where: { Double(parameters) >= $0.0 * 0.9995 }) else {
            return "\(parameters)"
        }
        let value = Double(parameters) / unit
        let places: Double = value < 9.995 ? 100 : value < 99.95 ? 10 : 1
        return number((value * places).rounded() / places) + name
    }

    /// A number without a fraction that says nothing.
    static func number(_ value: some BinaryFloatingPoint & LosslessStringConvertible) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    // MARK: Tables

    private func types(for terminal: Terminal) -> String {
        guard !model.totals.types.isEmpty else { return "" }
        var table = Table([
            .init("type", weight: .high), .init("tensors", .trailing, weight: .high),
            .init("parameters", .trailing), .init("size", .trailing, weight: .high),
            .init("share", .trailing, weight: .low),
        ])
        let all = Double(max(1, model.totals.sizeBytes.bytes))
        for type in model.totals.types {
            let share = (Double(type.sizeBytes.bytes) / all * 1000).rounded() / 10
            table.add([
                .init(type.type), .init("\(type.tensors)"), .init(Self.count(type.parameters)),
                .init("\(type.sizeBytes)"), .init("\(share)%"),
            ])
        }
        return table.rendered(for: terminal)
    }

    private func files(for terminal: Terminal) -> String {
        var table = Table([
            .init("file", isFlexible: true, least: 32, weight: .high), .init("tensors", .trailing),
            .init("size", .trailing, weight: .high),
        ])
        for file in model.files {
            table.add([.init(file.path), .init("\(file.tensors)"), .init("\(file.sizeBytes)")])
        }
        return table.rendered(for: terminal)
    }

    private func table(of tensors: [InspectedModel.Tensor], for terminal: Terminal) -> String {
        guard !tensors.isEmpty else { return "" }
        var table = Table([
            .init("tensor", isFlexible: true, least: 32, weight: .high), .init("type", weight: .high),
            .init("shape"), .init("offset", .trailing, weight: .low), .init("size", .trailing),
            .init(model.files.count > 1 ? "file" : "", isFlexible: true, weight: .low),
        ])
        for tensor in tensors {
            table.add([
                .init(tensor.name), .init(tensor.type),
                .init(tensor.shape.isEmpty ? "-" : tensor.shape.map { "\($0)" }.joined(separator: " x ")),
                .init("\(tensor.offset)"), .init("\(tensor.sizeBytes)"), .init(tensor.file ?? ""),
            ])
        }
        return table.rendered(for: terminal)
    }

    // MARK: Metadata

    /// What a value needs beside its key.
    private static let leastValue = 16

    /// A line for each key; no table, which would measure every text of a vocabulary.
    private func metadata(for terminal: Terminal) -> String {
        let entries = model.metadata.entries
        guard !entries.isEmpty else { return "" }
        let keys = max(3, entries.map { columns(of: $0.key) }.max() ?? 0)
        let types = max(4, entries.map(\.type.count).max() ?? 0)
        let room = terminal.isTerminal && !isFull ? terminal.width : nil
        // A value that has no room beside its key goes below it: without it the key says nothing.
        let isBelow = room.map { $0 - keys - types - 4 < Self.leastValue } ?? false
        func line(_ key: String, _ type: String, _ value: String) -> String {
            if isBelow, let room {
                return truncated(key, to: room) + "\n  " + truncated(value, to: max(1, room - 2))
            }
            let gap = String(repeating: " ", count: max(0, keys - columns(of: key)) + 2)
            let space = String(repeating: " ", count: max(0, types - type.count) + 2)
            let text = sanitized(key) + gap + type + space + value
            return room.map { truncated(text, to: $0) } ?? text
        }
        let title = isBelow ? "KEY, VALUE" : line("KEY", "TYPE", "VALUE")
        let header = terminal.style(title, .bold) + "\n"
        return entries.reduce(into: header) { text, entry in
            let value = InspectedValueText(isFull: isFull).text(of: entry.value)
            text += line(entry.key, entry.type, sanitized(value)) + "\n"
        }
    }
}

/// A value of the metadata on one line.
struct InspectedValueText {
    let isFull: Bool

    /// What a text that is not shown whole may take: more than any line has.
    private static let longest = 400

    func text(of value: InspectedValue) -> String {
        switch value {
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .float(let value): InspectedModelView.number(value)
        case .double(let value): InspectedModelView.number(value)
        case .bool(let value): "\(value)"
        case .text(let text): cut(text)
        case .list(let values): "[\(values.map(element).joined(separator: ", "))]"
        case .beginning(let values, let count):
            "[\(values.map(element).joined(separator: ", ")), …] (\(count))"
        }
    }

    private func element(_ value: InspectedValue) -> String {
        // Commas and spaces are tokens too.
        if case .text(let text) = value { "\"\(cut(text))\"" } else { text(of: value) }
    }

    private func cut(_ text: String) -> String {
        guard !isFull,
            let end = text.index(text.startIndex, offsetBy: Self.longest, limitedBy: text.endIndex),
            end < text.endIndex
        else { return text }
        return text[..<end] + "…"
    }
}
