import Catalog
import Docker
import Store
import Synchronization
import SystemPackage

/// An image that holds an engine's own tools.
struct ToolImage: Sendable {
    /// How its tools are begun.
    enum Kit: Sendable {
        /// By the script that the `full` images of llama.cpp begin with; by its path where it was looked for.
        case script(String?)
        /// llama.cpp's quantizer alone, at this path.
        case quantizer(String)
        /// mistral.rs, which quantizes too; with its GPUs, if the engine gives some out.
        case mistralRs(hasGPUs: Bool)
    }

    /// The image with llama.cpp's tools where a stack names none of llama.cpp.
    private static let usual = "ghcr.io/ggml-org/llama.cpp:full"

    let engine: DockerClient
    /// Its name, as it was asked for.
    let name: String
    let kit: Kit
    /// The same for a manifest: what was run, and not what has the name now.
    let record: Manifest.Conversion.Image

    private init(_ engine: DockerClient, _ name: String, _ image: Docker.Image, _ kit: Kit) {
        (self.engine, self.name, self.kit) = (engine, name, kit)
        record = .init(name: name, id: image.id, digest: image.digests?.first)
    }

    // MARK: Finding

    /// What decides which image is taken.
    struct Wish: Sendable {
        /// The name that the user gave.
        let name: String?
        let format: ModelFormat
        /// Whether it must make a GGUF of safetensors, and not just quantize one.
        let needsConverter: Bool
        let stack: Stack

        /// The image that is looked into first: of the user's or the stack's own nothing is known.
        fileprivate var likely: String? { name ?? (stack.engine == .llamacpp ? stack.image : nil) }

        /// The image that is asked for where no other will do; `nil` if it must be named.
        var usual: String? {
            guard format == .uqff else { return name ?? ToolImage.full(for: stack) }
            return name ?? (stack.engine == .mistralrs ? stack.image : nil)
        }
    }

    /// The image that was named, else the stack's own if it has the tools, else the usual one; `nil` if it is not there.
    static func find(_ wish: Wish, in workspace: Workspace) async throws(Failure) -> ToolImage? {
        guard let usual = wish.usual else {
            throw Failure(
                .unsupported,
                "mistral.rs makes a uqff, and no image of it is known: the stack `\(wish.stack.name)` is one of "
                    + wish.stack.engine.rawValue,
                hint: "name the stack of mistral.rs with `--stack`, or its image with `--image`"
            )
        }
        let engine = try workspace.engine()
        do {
            if wish.format == .uqff {
                guard let image = try await engine.present(usual) else { return nil }
                let hasGPUs = try await engine.facts().runtimes?["nvidia"] != nil
                return ToolImage(engine, usual, image, .mistralRs(hasGPUs: hasGPUs))
            }
            if let likely = wish.likely, let image = try await engine.present(likely) {
                let kit = try await kit(of: likely, image, in: engine, needsConverter: wish.needsConverter)
                if let kit = kit ?? (wish.name == nil ? nil : .script(nil)) {
                    return ToolImage(engine, likely, image, kit)
                }
            }
            return try await engine.present(usual).map { ToolImage(engine, usual, $0, .script(nil)) }
        } catch { throw Failure(error) }
    }

    /// The image with the tools beside the one with the server: `server-cuda` of a registry has a `full-cuda` there.
    static func full(for stack: Stack) -> String {
        guard let image = stack.image, let colon = image.lastIndex(of: ":") else { return usual }
        let (repository, tag) = (image[..<colon], image[image.index(after: colon)...])
        guard repository.split(separator: "/").last == "llama.cpp", tag.hasPrefix("server") else {
            return usual
        }
        return "\(repository):full\(tag.dropFirst("server".count))"
    }

    private static let script = "/app/tools.sh"

    /// The tools of an image of which nothing is known; `nil` if it has not those that are needed.
    private static func kit(
        of name: String,
        _ image: Docker.Image,
        in engine: DockerClient,
        needsConverter: Bool
    ) async throws -> Kit? {
        let found = Mutex<[String]>([])
        let look = """
            for tool in \(script) /app/llama-quantize; do [ -x "$tool" ] && echo "$tool"; done
            command -v llama-quantize; exit 0
            """
        var container = ToolContainer(tool: "sh", image: name, id: image.id, command: ["-c", look])
        container.entrypoint = ["/bin/sh"]
        // One without a shell has no tools either.
        do { try await container.run(in: engine) { line in found.withLock { $0.append(line) } } } catch {
            guard Failure(error).kind != .cancelled else { throw error }
            return nil
        }
        let tools = found.withLock { $0 }
        if tools.contains(script) { return .script(script) }
        return needsConverter ? nil : tools.first.map { .quantizer($0) }
    }

    /// There is no such image.
    static func absent(_ name: String) -> Failure {
        Failure(
            .notFound,
            "the Docker Engine has no image `\(name)`",
            hint: "get it with `docker pull \(name)`, or name another one with `--image`"
        )
    }
}

extension DockerClient {
    /// Describes an image; `nil` if it is not there.
    fileprivate func present(_ name: String) async throws(DockerError) -> Docker.Image? {
        do throws(DockerError) { return try await image(name) } catch {
            guard case .notFound = error else { throw error }
            return nil
        }
    }
}
