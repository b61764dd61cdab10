import Catalog
import Conversion
import Docker
import Formats
import Platform
import SystemPackage

/// llama.cpp's own tools in a container, for what is not converted here.
struct ContainerTools: Sendable {
    /// The image that has them all, where a stack names none of llama.cpp.
    private static let usualImage = "ghcr.io/ggml-org/llama.cpp:full"

    let engine: DockerClient
    let image: String

    /// The tools of the image that is named, else of the one that belongs to the stack's; `nil` if it is not there.
    static func find(_ image: String?, for stack: Stack, in workspace: Workspace) async throws(Failure)
        -> ContainerTools?
    {
        let tools = ContainerTools(engine: try workspace.engine(), image: image ?? Self.image(for: stack))
        do throws(DockerError) {
            _ = try await tools.engine.image(tools.image)
            return tools
        } catch {
            guard case .notFound = error else { throw Failure(docker: error) }
            return nil
        }
    }

    /// The image with the tools beside the one with the server: `server-cuda` of a registry has a `full-cuda` there.
    static func image(for stack: Stack) -> String {
        guard let image = stack.image, let colon = image.lastIndex(of: ":") else { return usualImage }
        let (repository, tag) = (image[..<colon], image[image.index(after: colon)...])
        guard repository.split(separator: "/").last == "llama.cpp", tag.hasPrefix("server") else {
            return usualImage
        }
        return "\(repository):full\(tag.dropFirst("server".count))"
    }

    /// A file of this machine, and what the tools find it as below their source.
    struct Given: Sendable {
        let path: FilePath
        let name: String
    }

    /// Writes a GGUF of a folder as the hub has it, of which only these files are seen: its programs are not run.
    func convert(
        _ files: [Given],
        named name: String,
        to type: QuantizationTarget,
        at path: FilePath,
        for output: FilePath,
        _ progress: @escaping @Sendable (Double) -> Void
    ) async throws {
        // The name of the folder becomes part of what the file says of itself.
        let source = "\(Place.source)/\(name)"
        let command = ["--convert", source, "--outtype", type.rawValue, "--outfile", Place.output]
        let mounts = try files.map { try mount($0.path, at: "\(source)/\($0.name)") }
        try await run(command, mounts, writing: path, for: output) { line in
            // `Writing:  35%|███▌      | 1.2G/3.4G [00:10<00:20]`
            let head = line.prefix { $0 != "%" }
            guard head.count < line.count,
                let percent = head.split(separator: " ").last.flatMap({ Double($0) })
            else { return }
            progress(percent / 100)
        }
    }

    /// Writes a GGUF with the weights of another, of which the first file is named, in a quantization.
    func quantize(
        _ files: [FilePath],
        to target: QuantizationTarget,
        at path: FilePath,
        for output: FilePath,
        _ options: ConvertOptions,
        _ progress: @escaping @Sendable (Double) -> Void
    ) async throws {
        guard let first = files.first?.lastComponent else { return }
        var mounts = try files.map { try mount($0, at: "\(Place.source)/\($0.lastComponent?.string ?? "")") }
        var choices = options.quantizationWords
        if let importance = options.importance {
            mounts.append(try mount(importance, at: Place.importance))
            choices += ["--imatrix", Place.importance]
        }
        let command =
            ["--quantize"] + choices + [
                "\(Place.source)/\(first)", Place.output, target.rawValue.uppercased(),
            ]
            + [String(options.threads ?? Machine.processors)]
        try await run(command, mounts, writing: path, for: output) { line in
            // `[  12/ 291]          blk.0.attn_k.weight - [ 2048,   256,     1,     1], type =    f16, …`
            guard line.hasPrefix("["), let end = line.firstIndex(of: "]") else { return }
            let numbers = line[..<end].dropFirst().split(separator: "/").map {
                Double($0.filter { $0 != " " })
            }
            guard numbers.count == 2, let done = numbers[0], let total = numbers[1], total > 0 else { return }
            progress(done / total)
        }
    }

    /// Where the tools see what.
    private enum Place {
        static let source = "/source"
        static let importance = "/importance"
        static let work = "/work"
        static let file = "model.gguf"
        static let output = "\(work)/\(file)"
    }

    /// Lets it be read, wherever links lead to it.
    private func mount(_ path: FilePath, at target: String) throws -> ContainerPlan.Mount {
        ContainerPlan.Mount(try FileSystem.resolve(path).string, at: target, isReadOnly: true)
    }

    /// Runs a tool that writes into a folder of its own and, if what is there is a GGUF, puts that into its place.
    private func run(
        _ command: [String],
        _ mounts: [ContainerPlan.Mount],
        writing path: FilePath,
        for output: FilePath,
        line: @escaping @Sendable (String) -> Void
    ) async throws {
        let work = try FileSystem.absolute(FilePath("\(path).work"))
        try FileSystem.remove(work)
        try FileSystem.createDirectory(work, permissions: .ownerReadWriteExecute)
        defer { try? FileSystem.remove(work) }
        let container = ToolContainer(
            image: image,
            command: command,
            mounts: mounts + [ContainerPlan.Mount(work.string, at: Place.work, isReadOnly: false)],
            output: try FileSystem.absolute(output)
        )
        try await container.run(in: engine, line: line)
        let (tool, written) = (command[0], work.appending(Place.file))
        try await blocking {
            // A link would lead to what nobody has looked at.
            let status = try FileSystem.status(written, followingLinks: false)
            guard let status, status.kind == .file, status.linkCount == 1 else {
                throw Failure(
                    .failed,
                    "`\(tool)` in \(image) has written no file",
                    hint: "see that the image is one of llama.cpp's `full` images"
                )
            }
            try File(written, .read).synchronize()
            do throws(FormatError) { try GGUFHeader.read(written).checkStructure() } catch {
                throw Failure(conversion: .format(error, path: written))
            }
            try FileSystem.rename(written, to: path)
        }
    }
}

extension ConvertOptions {
    /// What of the choices `llama-quantize` takes as it is.
    fileprivate var quantizationWords: [String] {
        tensorTypes.flatMap { ["--tensor-type", $0.text] } + (leavesOutput ? ["--leave-output-tensor"] : [])
            + (isPure ? ["--pure"] : []) + (allowsRequantizing ? ["--allow-requantize"] : [])
    }
}
