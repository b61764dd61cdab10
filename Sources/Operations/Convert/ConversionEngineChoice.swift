import Catalog
import Conversion

/// Who is to convert a model.
struct ConversionEngineChoice: Sendable {
    let engine: ConversionEngine
    let image: String?
    let stack: Stack
    let workspace: Workspace

    /// Tries it without tools and, where only others can do it, with those of an image that is here.
    func resolved<Result: Sendable>(
        _ report: Reporter,
        _ attempt: (ContainerTools?) async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        if engine == .container {
            guard let tools = try await tools() else { throw ToolContainer.noImage(imageName) }
            return try await attempt(tools)
        }
        do throws(Failure) { return try await attempt(nil) } catch {
            guard engine == .auto, let cause = error.cause as? HuggingFaceError, cause.isForOtherTools else {
                throw error
            }
            let found: ContainerTools?
            do throws(Failure) { found = try await tools() } catch {
                if error.kind == .cancelled { throw error }
                // Without an engine there is no image either.
                found = nil
            }
            guard let tools = found else {
                throw error.hinting(
                    instead:
                        "get llama.cpp's own tools with `docker pull \(imageName)`; `convert` takes them then"
                )
            }
            report(.note("\(error.message): \(tools.image) converts it"))
            return try await attempt(tools)
        }
    }

    private var imageName: String { image ?? ContainerTools.image(for: stack) }

    private func tools() async throws(Failure) -> ContainerTools? {
        try await ContainerTools.find(image, for: stack, in: workspace)
    }
}

extension HuggingFaceError {
    /// Whether it says that a model has something which is not known here, and perhaps elsewhere.
    fileprivate var isForOtherTools: Bool {
        switch self {
        case .feature(.preTokenizer): false
        case .architecture, .feature, .unknownTensor: true
        default: false
        }
    }
}
