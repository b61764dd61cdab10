import Formats

extension GGUFHeader {
    /// What the file holds, in its own word where it has one.
    var kind: String {
        if let type = self["general.type"]?.text, !type.isEmpty, type != "model" { return type }
        if self["adapter.type"] != nil { return "adapter" }
        if architecture == "clip" { return "mmproj" }
        return tensors.isEmpty && self[GGUFPart.tokenList] != nil ? "vocabulary" : "model"
    }
}

extension InspectedModel.Header {
    init(_ header: GGUFHeader, _ facts: ModelFacts?) {
        self.init(facts)
        name = header["general.name"]?.text
        architecture = header.architecture
        licence = header["general.license.name"]?.text ?? header["general.license"]?.text
        fileType = header["general.file_type"]?.integer
        if header.byteOrder == .bigEndian { byteOrder = "big-endian" }
    }

    init(_ facts: ModelFacts?) {
        self.init(
            architecture: facts?.architecture,
            quantization: facts?.quantization,
            fileType: facts?.fileType,
            contextLength: facts?.contextLength,
            layers: facts?.layers,
            heads: facts?.heads,
            kvHeads: facts?.kvHeads,
            headSize: facts?.headSize,
            embeddingLength: facts?.embeddingLength,
            vocabularySize: facts?.vocabularySize,
            experts: facts?.experts
        )
    }
}

extension InspectedModel.Tokenizer {
    init?(_ part: GGUFPart) {
        let header = part.header
        model = header["tokenizer.ggml.model"]?.text
        pre = header["tokenizer.ggml.pre"]?.text
        specialTokens = header.specialTokens.map {
            Token(name: $0.name, id: $0.id, text: part.tokens[$0.id])
        }
        if model == nil, pre == nil, specialTokens.isEmpty { return nil }
    }
}

extension InspectedModel.ChatTemplate {
    init?(_ header: GGUFHeader) {
        let key = "tokenizer.chat_template"
        let named = header.metadata.filter { $0.key.hasPrefix("\(key).") }
        let texts = [header[key]?.text].compactMap(\.self) + named.compactMap(\.value.text)
        guard let first = texts.first else { return nil }
        self.init(
            characters: first.unicodeScalars.count,
            mentionsTools: texts.contains { $0.mentionsTools },
            names: named.map { String($0.key.dropFirst(key.count + 1)) }
        )
    }
}

extension String {
    /// Whether a template has a place for the tools that a model may call.
    var mentionsTools: Bool { split { !($0.isLetter || $0 == "_") }.contains("tools") }
}

extension InspectedModel.ImportanceMatrix {
    init?(_ header: GGUFHeader) {
        func value(_ key: String) -> GGUFValue? { header["quantize.imatrix.\(key)"] }
        (file, dataset) = (value("file")?.text, value("dataset")?.text)
        (entries, chunks) = (value("entries_count")?.integer, value("chunks_count")?.integer)
        if file == nil, dataset == nil, entries == nil, chunks == nil { return nil }
    }
}

extension InspectedModel.Adapter {
    init?(_ header: GGUFHeader, _ tensors: [TensorDescription]) {
        guard let type = header["adapter.type"]?.text else { return nil }
        self.init(
            type: type,
            // A row of the second factor has an element for each column of the first.
            rank: tensors.first { $0.name.hasSuffix(".lora_b") }?.shape.first,
            alpha: header["adapter.\(type).alpha"]?.number,
            base: header["general.base_model.0.name"]?.text
        )
    }
}
