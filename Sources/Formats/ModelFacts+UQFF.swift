import Platform
public import SystemPackage

extension ModelFacts {
    /// Reads the facts from a folder that mistral.rs has made: a configuration, and shards whose quantized layers are no
    /// tensors to anybody else.
    ///
    /// How many weights these layers have is not told.
    public static func read(uqff folder: FilePath) throws(FormatError) -> ModelFacts {
        var facts = try read(in: folder) { () throws(FormatError) in
            var tensors: [TensorDescription] = []
            for name in try uqffShards(in: folder) + ["residual.safetensors"] {
                let file = folder.appending(name)
                guard FileSystem.exists(file) else { throw .missing(name) }
                tensors += try SafetensorsHeader.read(file).tensors
            }
            return tensors
        }
        (facts.parameters, facts.bitsPerWeight) = (0, 0)
        (facts.quantization, facts.tensorTypes) = (nil, [])
        return facts
    }

    /// The names of the shards from the first on; all must be there: `q4k-0.uqff`, `q4k-1.uqff`.
    private static func uqffShards(in folder: FilePath) throws(FormatError) -> [String] {
        let names: [String]
        do throws(SystemError) { names = try FileSystem.list(folder).filter { $0.hasSuffix(".uqff") } } catch
        {
            throw .system(error)
        }
        guard let any = names.first else { throw .missing("*.uqff") }
        let parts = any.dropLast(".uqff".count).split(separator: "-")
        guard names.count > 1 || parts.last.flatMap({ Int($0) }) != nil else { return names }
        let shards = names.indices.map { "\(parts.dropLast().joined(separator: "-"))-\($0).uqff" }
        guard let missing = shards.first(where: { !names.contains($0) }) else { return shards }
        throw .missing(missing)
    }
}
