import Catalog
import Conversion
import Docker
import Formats
import Platform
import Store
import SystemPackage

/// An engine's own tools in a container, for what is not converted here.
struct ContainerTools: Sendable {
    let image: ToolImage

    /// A file of this machine, and what the tools find it as below their source.
    struct Given: Sendable {
        let path: FilePath
        let name: String
    }

    /// Where the tools see what.
    enum Place {
        static let source = "/source"
        static let importance = "/importance"
        static let work = "/work"
        static let file = "model.gguf"
        static let output = "\(work)/\(file)"
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
        var container = container(
            "llama.cpp's converter",
            command,
            try files.map { try mount($0.path, at: "\(source)/\($0.name)") }
        )
        if case .script(let path?) = image.kit { container.entrypoint = [path] }
        try await run(container, for: output, writing: path, gguf) { line in
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
        to target: TargetForm,
        at path: FilePath,
        for output: FilePath,
        _ options: ConvertOptions,
        _ progress: @escaping @Sendable (Double) -> Void
    ) async throws {
        guard let first = files.first?.lastComponent else { return }
        var mounts = try files.map { try mount($0, at: "\(Place.source)/\($0.lastComponent?.string ?? "")") }
        var command = options.quantizationWords
        if let importance = options.importance {
            mounts.append(try mount(importance, at: Place.importance))
            command += ["--imatrix", Place.importance]
        }
        command += ["\(Place.source)/\(first)", Place.output, target.word]
        command.append(String(options.threads ?? Machine.processors))
        if case .script = image.kit { command.insert("--quantize", at: 0) }
        var container = container("llama-quantize", command, mounts)
        switch image.kit {
        case .script(let path?), .quantizer(let path): container.entrypoint = [path]
        case .script(nil), .mistralRs: break
        }
        try await run(container, for: output, writing: path, gguf) { line in
            // `[  12/ 291]          blk.0.attn_k.weight - [ 2048,   256,     1,     1], type =    f16, …`
            guard line.hasPrefix("["), let end = line.firstIndex(of: "]") else { return }
            let numbers = line[..<end].dropFirst().split(separator: "/").map {
                Double($0.filter { $0 != " " })
            }
            guard numbers.count == 2, let done = numbers[0], let total = numbers[1], total > 0 else { return }
            progress(done / total)
        }
    }

    /// A container with one of the tools, which is called so.
    func container(_ tool: String, _ command: [String], _ mounts: [ContainerPlan.Mount]) -> ToolContainer {
        var container = ToolContainer(tool: tool, image: image.name, id: image.record.id, command: command)
        container.mounts = mounts
        return container
    }

    /// Lets it be read, wherever links lead to it.
    func mount(_ path: FilePath, at target: String) throws -> ContainerPlan.Mount {
        ContainerPlan.Mount(try FileSystem.resolve(path).string, at: target, isReadOnly: true)
    }

    /// Runs a tool that writes into a folder of its own and, if what is there passes, puts that into its place; `accept`
    /// tells what in the folder that is.
    func run(
        _ tool: ToolContainer,
        for output: FilePath,
        writing path: FilePath,
        _ accept: @escaping @Sendable (_ folder: FilePath) throws -> FilePath,
        line: @escaping @Sendable (String) -> Void
    ) async throws {
        let work = try FileSystem.absolute(FilePath("\(path).work"))
        try FileSystem.remove(work)
        try FileSystem.createDirectory(work, permissions: .ownerReadWriteExecute)
        defer { try? FileSystem.remove(work) }
        var container = tool
        container.mounts.append(ContainerPlan.Mount(work.string, at: Place.work, isReadOnly: false))
        container.output = try FileSystem.absolute(output)
        try await container.run(in: image.engine, line: line)
        try await blocking { try FileSystem.rename(accept(work), to: path) }
    }

    /// The GGUF that was to be written, if its structure is what it should be.
    private func gguf(in folder: FilePath) throws -> FilePath {
        let written = folder.appending(Place.file)
        try accept(written, of: "one of llama.cpp's `full` images")
        do throws(FormatError) { try GGUFHeader.read(written).checkStructure() } catch {
            throw Failure(conversion: .format(error, path: written))
        }
        return written
    }

    /// Refuses what is not a file of its own, and waits until the rest is on the disk.
    func accept(_ written: FilePath, of kind: String) throws {
        // A link would lead to what nobody has looked at.
        let status = try FileSystem.status(written, followingLinks: false)
        guard let status, status.kind == .file, status.linkCount == 1 else {
            throw Failure(
                .failed,
                "the tool in \(image.name) has written no file `\(written.lastComponent?.string ?? "")`",
                hint: "see that the image is \(kind)"
            )
        }
        try File(written, .read).synchronize()
    }
}

extension ConvertOptions {
    /// What of the choices `llama-quantize` takes as it is.
    fileprivate var quantizationWords: [String] {
        tensorTypes.flatMap { ["--tensor-type", $0.text] } + (leavesOutput ? ["--leave-output-tensor"] : [])
            + (isPure ? ["--pure"] : []) + (allowsRequantizing ? ["--allow-requantize"] : [])
    }
}
