/// Which part of which expert a tensor is.
struct ExpertPlace {
    let layer: Int
    /// How many experts a layer has.
    let count: Int
    /// The expert's number and its part, as the name has them.
    let key: String

    init(_ name: String, family: ModelFamily, configuration: Configuration) throws(HuggingFaceError) {
        guard let (layer, rest) = TensorNames.layer(of: name[...]), layer < (try configuration.layers) else {
            throw .unknownTensor(name)
        }
        guard let count = try configuration.experts, (1...65_536).contains(count) else {
            throw .configuration(key: "num_experts")
        }
        let key = rest.dropFirst(family.expertPrefix.count + 1)
        let parts = key.split(separator: ".", omittingEmptySubsequences: false)
        guard rest.hasPrefix("\(family.expertPrefix)."), parts.count == 3, parts[2] == "weight",
            let expert = Int(parts[0]), (0..<count).contains(expert), String(expert) == parts[0],
            family.expertParts.contains(String(parts[1]))
        else { throw .unknownTensor(name) }
        self.layer = layer
        self.count = count
        self.key = String(key)
    }
}
