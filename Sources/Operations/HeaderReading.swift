import Catalog
import Formats
import Platform
import Store
import SystemPackage

/// What the header of a model that is about to become visible says of it.
struct HeaderReading {
    var facts = Manifest.Facts()
    /// The quantization or the type of the weights.
    var quant: String?

    /// Reads the files of a model in their folder.
    ///
    /// A header that is newer than this program is a warning; a file that is something else altogether is
    /// refused.
    init(_ format: ModelFormat, in folder: FilePath, files: [RelativePath], _ report: Reporter)
        throws(Failure)
    {
        do throws(FormatError) {
            let read = try ModelFacts.read(format, in: folder, files: files)
            facts = Manifest.Facts(
                architecture: read.architecture,
                parameters: read.parameters > 0 ? Int64(read.parameters) : nil,
                contextLength: read.contextLength
            )
            quant = read.quantization?.lowercased()
        } catch {
            guard !error.mayBeNewer else {
                report(.warning("cannot read the model's header: \(error)"))
                return
            }
            throw Failure(
                .invalid,
                "these files are no whole \(format.rawValue) model: \(error); nothing was stored",
                hint: "tell their publisher, or choose others",
                cause: error
            )
        }
    }
}

extension ModelFacts {
    /// Reads the header of a model whose files are in a folder, and checks what engines demand of it.
    static func read(_ format: ModelFormat, in folder: FilePath, files: [RelativePath]) throws(FormatError)
        -> ModelFacts
    {
        switch format {
        case .safetensors where files.contains { $0.string == AdapterFacts.configName }:
            return try ModelFacts(adapterIn: folder)
        case .safetensors: return try read(safetensors: folder)
        case .uqff: return try read(uqff: folder)
        case .gguf:
            var headers: [GGUFHeader] = []
            for file in files where file.isModelGGUF {
                headers.append(try GGUFHeader.read(file.below(folder)))
            }
            try headers.checkStructure()
            return try ModelFacts(headers)
        }
    }
}
