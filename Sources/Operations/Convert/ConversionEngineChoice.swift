import Catalog
import Conversion

/// Who is to convert a model.
struct ConversionEngineChoice: Sendable {
    let options: ConvertOptions
    /// Whether it is made of safetensors.
    let isOfFolder: Bool
    let stack: Stack
    let workspace: Workspace

    /// Tries it without tools and, where only others can do it, with those of an image that is here; with those that
    /// were `chosen` already, if any were.
    func resolved<Result: Sendable>(
        with chosen: ContainerTools? = nil,
        _ report: Reporter,
        _ attempt: (ContainerTools?) async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        if let chosen { return try await attempt(chosen) }
        if options.engine == .container || options.format == .uqff {
            guard let image = try await ToolImage.find(wish, in: workspace) else {
                throw ToolImage.absent(wish.usual ?? "")
            }
            report(.note("the tools in \(image.name) convert it"))
            return try await attempt(ContainerTools(image: image))
        }
        do throws(Failure) { return try await attempt(nil) } catch {
            guard (error.cause as? any ConversionLimit)?.isOnlyUnknownHere == true,
                // The tools cannot be told it.
                options.preTokenizer == nil
            else { throw error }
            guard options.engine == .auto else {
                throw error.hinting(
                    "`--engine container` has llama.cpp's own tools convert it, where their image is"
                )
            }
            guard let image = try await image() else {
                let ways = [error.hint, "get llama.cpp's own tools with `docker pull \(wish.usual ?? "")`"]
                throw error.hinting(
                    instead: ways.compactMap(\.self).joined(separator: "; or ")
                        + "; `convert` takes them then"
                )
            }
            report(.note("\(error.message): the tools in \(image.name) convert it"))
            return try await attempt(ContainerTools(image: image))
        }
    }

    private var wish: ToolImage.Wish {
        .init(name: options.image, format: options.format, needsConverter: isOfFolder, stack: stack)
    }

    private func image() async throws(Failure) -> ToolImage? {
        do throws(Failure) { return try await ToolImage.find(wish, in: workspace) } catch {
            if error.kind == .cancelled { throw error }
            // Without an engine there is no image either.
            return nil
        }
    }
}
