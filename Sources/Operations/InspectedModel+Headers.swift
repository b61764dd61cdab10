import Formats
import Platform

/// What is shown of headers.
struct InspectedParts: Sendable {
    /// Whether arrays are shown whole.
    var isFull = false
    /// Whether each tensor is shown.
    var listsTensors = false
}

extension InspectedModel {
    /// Interprets headers.
    init(
        _ headers: ModelHeaders,
        _ shown: InspectedParts,
        source: Source,
        report: Reporter
    ) throws(Failure) {
        switch headers {
        case .gguf(let parts):
            try self.init(parts.sorted { $0.number < $1.number }, shown, source, report)
        case .safetensors(let parts, let companions):
            try self.init(parts, companions, shown, source, report)
        }
    }

    private init(
        _ parts: [GGUFPart],
        _ shown: InspectedParts,
        _ source: Source,
        _ report: Reporter
    ) throws(Failure) {
        guard let first = parts.first else { preconditionFailure("a model has files") }
        let header = first.header
        var facts: ModelFacts?
        let isWhole = header.shardCount == parts.count
        do throws(FormatError) {
            if isWhole { facts = try ModelFacts(parts.map(\.header)) }
            try Self.check(parts, isWhole: isWhole, report)
        } catch { throw Failure(error, of: first.path) }
        if !isWhole { report(.loneShard(first.path, of: header.shardCount)) }
        let files = InspectedFiles(parts)
        self.init(
            format: "gguf",
            version: Int(header.version),
            kind: header.kind,
            source: source,
            files: files.files,
            header: Header(header, facts),
            tokenizer: Tokenizer(first),
            chatTemplate: ChatTemplate(header),
            imatrix: ImportanceMatrix(header),
            adapter: Adapter(header, files.described),
            totals: files.totals(parameters: facts?.parameters),
            metadata: InspectedMetadata(header, isFull: shown.isFull),
            tensors: shown.listsTensors ? files.tensors : nil
        )
    }

    /// Checks what engines demand besides; a file of another age or for another machine is none of the worse for that.
    private static func check(_ parts: [GGUFPart], isWhole: Bool, _ report: Reporter) throws(FormatError) {
        do throws(FormatError) {
            if isWhole {
                try parts.map(\.header).checkStructure()
            } else {
                for part in parts { try part.header.checkStructure() }
            }
        } catch {
            switch error {
            case .bigEndian, .unsupportedVersion, .invalid(.nestedArray, _):
                report(.warning("engines do not load it: \(error)"))
            default: throw error
            }
        }
    }

    private init(
        _ parts: [SafetensorsPart],
        _ companions: SafetensorsCompanions,
        _ shown: InspectedParts,
        _ source: Source,
        _ report: Reporter
    ) throws(Failure) {
        guard let first = parts.first else { preconditionFailure("a model has files") }
        let files = InspectedFiles(parts)
        let tokenizer = companions.tokenizer(report)
        let template = ChatTemplate(companions.template, tokenizer)
        let adapter = try companions.adapter(files.described)
        var facts: ModelFacts?
        let count = ShardName(first.path.string)?.count ?? 1
        if count == parts.count || parts.count > 1 {
            var read = SafetensorsCompanions.configName
            do throws(FormatError) {
                if let config = companions.config, adapter == nil {
                    let hasTemplate = template != nil
                    facts = try ModelFacts(
                        config: config,
                        tensors: files.described,
                        chatTemplate: hasTemplate
                    )
                }
                read = SafetensorsIndex.name
                if adapter == nil { try companions.check(parts) }
            } catch { throw Failure(error, of: read) }
        } else {
            report(.loneShard(first.path.string, of: count))
        }
        self.init(
            format: "safetensors",
            version: nil,
            kind: adapter == nil ? "model" : "adapter",
            source: source,
            files: files.files,
            header: Header(facts),
            tokenizer: tokenizer.map { Tokenizer(model: $0.kind, pre: nil, specialTokens: $0.tokens) },
            chatTemplate: template,
            imatrix: nil,
            adapter: adapter,
            totals: files.totals(parameters: facts?.parameters),
            metadata: InspectedMetadata(first.header.metadata),
            tensors: shown.listsTensors ? files.tensors : nil
        )
    }
}

extension GGUFPart {
    /// Its place among the shards, from 0 on.
    var number: Int { header["split.no"]?.integer ?? 0 }
}

extension Report {
    fileprivate static func loneShard(_ path: String, of count: Int) -> Report {
        .note("`\(path)` is one of \(count) shards, and the others are not beside it: this is of it alone")
    }
}
