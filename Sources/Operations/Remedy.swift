import Catalog
import Engines
import Store
import SystemPackage

extension StoredModel {
    /// Whether its files can be had again, each by itself, from where they came from.
    var isFetchable: Bool { manifest.conversion == nil && manifest.source.kind != .local }

    /// What to type to have damaged files of it whole again.
    func remedy(on stack: Stack) -> String {
        func typed(_ words: [String]) -> String {
            (["stackctl", stack.name] + words).map(ShellCommand.quoted).joined(separator: " ")
        }
        if layout == stack.adapterStore.layout {
            if isFetchable { return "fetch it again with `\(typed(["verify", "--repair"]))`" }
            let add = "stackctl \(stack.name) lora add MODEL NAME=\(manifest.source.shown)"
            return "take it out with `stackctl \(stack.name) lora rm`, and make it again with `\(add)`"
        }
        let (source, name) = (manifest.source, manifest.model)
        let isLocal = source.kind == .local
        let usual = isLocal ? PullRequest.name(of: FilePath(source.repository)) : source.shown
        let chosen = (usual == name ? [] : ["--as", name]) + ["--force"]
        if let conversion = manifest.conversion {
            // What was made here can only be made again.
            let form = key.format == ModelFormat.gguf.rawValue ? [] : ["--to", key.format]
            let engine =
                conversion.engine == ConversionEngine.container.rawValue
                ? ["--engine", conversion.engine] : []
            // Of what it was made of, and not of what is there now.
            let commit = source.kind == .hub ? source.revision.map { "@\($0)" } ?? "" : ""
            let image = conversion.image.map { ["--image", $0.digest ?? $0.name] } ?? []
            let words =
                ["convert", source.shown + commit, "--quant", key.quant] + form + conversion.options + engine
                + image
                + chosen
            return "make it again: `\(typed(words))`"
        }
        if isLocal { return "import it again: `\(typed(["pull", source.repository] + chosen))`" }
        return "fetch it again with `\(typed(["verify", key.model, "--repair"]))`"
    }
}
