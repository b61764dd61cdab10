public import Platform

extension ModelFacts {
    /// Takes the facts from the content of a `config.json` and from the tensors of all safetensors files beside it.
    public init(
        config bytes: [UInt8],
        tensors: [TensorDescription],
        chatTemplate: Bool
    ) throws(FormatError) {
        let config = try FormatError.decoding(JSONPart.self, from: bytes, lenient: true)
        self.init(config: config, tensors: tensors, chatTemplate: chatTemplate)
    }
}

extension SafetensorsIndex {
    /// Checks that every tensor of the index is in the file that it names, and no file has another one.
    public func check(_ tensors: [RelativePath: [TensorDescription]]) throws(FormatError) {
        var found = 0
        for (file, own) in tensors {
            for tensor in own where files[tensor.name] != file {
                throw .invalid(.index(tensor: tensor.name), offset: 0)
            }
            found += own.count
        }
        // Each is in the file that the index names, so where the numbers agree none is missing.
        guard found < files.count else { return }
        let present = Set(tensors.values.joined().map(\.name))
        guard let lost = files.keys.sorted().first(where: { !present.contains($0) }) else { return }
        throw .invalid(.index(tensor: lost), offset: 0)
    }
}
