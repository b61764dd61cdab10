import Platform
import SystemPackage

extension Stack {
    private static let keys = [
        "engine", "models", "mount", "adapters", "container", "image", "host", "port", "health", "compose",
        "quota",
        "defaults",
    ]

    /// Reads a `stack.yaml`; `folder` is where it lies or would lie, `home` what `~` means.
    static func read(
        _ bytes: [UInt8],
        file: String,
        name: String,
        folder: FilePath,
        userFolder: FilePath?,
        origin: DeclarationOrigin
    ) throws(DeclarationError) -> Stack {
        let root = try YAMLNode.parse(bytes, file: file)
        var reader = DeclarationReader()
        let stack = Stack(
            root,
            name: name,
            paths: StackPaths(folder: folder, userFolder: userFolder),
            origin,
            &reader
        )
        try reader.throwFirst()
        guard let stack else { throw root.error("`engine` is missing") }
        return stack
    }

    /// Every mistake of a `stack.yaml`, in the order of the text.
    public static func problems(in bytes: [UInt8], file: String) -> [DeclarationError] {
        var reader = DeclarationReader()
        do throws(DeclarationError) {
            let root = try YAMLNode.parse(bytes, file: file)
            let paths = StackPaths(folder: FilePath("/"), userFolder: nil)
            _ = Stack(root, name: "stack", paths: paths, .file(FilePath(file)), &reader)
        } catch {
            reader.report(error)
        }
        return reader.sorted
    }

    private init?(
        _ root: YAMLNode,
        name: String,
        paths: StackPaths,
        _ origin: DeclarationOrigin,
        _ reader: inout DeclarationReader
    ) {
        reader.mapping(root, known: Self.keys)
        let engine = reader.read("engine", of: root) { (node) throws(DeclarationError) in
            try node.choice(of: EngineName.self)
        }
        if engine == nil, root["engine"] == nil { reader.report(root.error("`engine` is missing")) }
        let models = reader.read("models", of: root, paths.volume)
        let mount = reader.read("mount", of: root) { (node) throws(DeclarationError) in
            try node.absolutePath()
        }
        let adapters = reader.read("adapters", of: root, paths.path)
        let container = Self.container(root, &reader)
        let image = reader.read("image", of: root) { (node) throws(DeclarationError) in try node.word() }
        let host = reader.read("host", of: root) { (node) throws(DeclarationError) in try node.word() }
        let port = reader.read("port", of: root) { (node) throws(DeclarationError) in
            try node.integer(in: 1...65_535)
        }
        let health = reader.read("health", of: root) { (node) throws(DeclarationError) in
            try node.absolutePath()
        }
        let compose = reader.read("compose", of: root, paths.path)
        let quota = reader.read("quota", of: root) { (node) throws(DeclarationError) in try node.byteCount() }
        let defaults = root["defaults"].map { Defaults($0, engine, &reader) }
        guard let engine else { return nil }
        self.init(
            name: name,
            engine: engine,
            folder: paths.folder,
            models: models ?? .folder(paths.folder.appending("models")),
            mount: mount ?? "/models",
            adapters: adapters ?? paths.folder.appending("adapters"),
            container: container ?? .named(name),
            image: image,
            host: host ?? "127.0.0.1",
            port: port ?? engine.defaultPort,
            health: health ?? "/health",
            composeFile: compose ?? paths.folder.appending("compose.yaml"),
            quota: quota,
            defaults: defaults ?? Defaults(format: engine.preferredFormat),
            origin: origin
        )
    }

    /// A name, or a mapping of Compose's `project` and `service`.
    private static func container(_ root: YAMLNode, _ reader: inout DeclarationReader) -> Container? {
        guard let node = root["container"] else { return nil }
        guard case .mapping = node.content else {
            return reader.keep { () throws(DeclarationError) in .named(try node.dockerName()) }
        }
        reader.mapping(node, known: ["project", "service"])
        let project = reader.read("project", of: node) { (node) throws(DeclarationError) in
            try node.dockerName()
        }
        let service = reader.read("service", of: node) { (node) throws(DeclarationError) in
            try node.dockerName()
        }
        for name in ["project", "service"] where node[name] == nil {
            reader.report(
                node.error("`\(name)` is missing: a container of Compose has a project and a service")
            )
        }
        guard let project, let service else { return nil }
        return .service(project: project, service: service)
    }
}

extension Stack.Defaults {
    private static let keys = [
        "quant", "format", "context", "gpu_layers", "parallel", "host", "memory_fraction", "extra",
    ]

    fileprivate init(format: ModelFormat) {
        self.init(
            quantization: nil,
            format: format,
            context: nil,
            gpuLayers: nil,
            parallel: nil,
            host: "0.0.0.0",
            memoryFraction: nil,
            extra: []
        )
    }

    fileprivate init(_ node: YAMLNode, _ engine: EngineName?, _ reader: inout DeclarationReader) {
        reader.mapping(node, known: Self.keys)
        quantization = reader.read("quant", of: node) { (node) throws(DeclarationError) in
            try node.quantization()
        }
        let format = reader.read("format", of: node) { (node) throws(DeclarationError) in
            try node.choice(of: ModelFormat.self)
        }
        self.format = format ?? engine?.preferredFormat ?? .gguf
        context = reader.read("context", of: node) { (node) throws(DeclarationError) in
            try node.integer(in: 1...(1 << 30))
        }
        gpuLayers = reader.read("gpu_layers", of: node) { (node) throws(DeclarationError) in
            let text = try node.word()
            if text == "all" || text == "auto" { return text }
            guard case .scalar(_, plain: true) = node.content, let count = Int(text),
                (0...100_000).contains(count)
            else {
                throw node.error("`\(text)` is neither `all`, `auto` nor a number of layers")
            }
            return String(count)
        }
        parallel = reader.read("parallel", of: node) { (node) throws(DeclarationError) in
            try node.integer(in: 1...65_536)
        }
        host =
            reader.read("host", of: node) { (node) throws(DeclarationError) in try node.word() } ?? "0.0.0.0"
        memoryFraction = reader.read("memory_fraction", of: node) { (node) throws(DeclarationError) in
            let value = try node.number()
            guard value > 0, value <= 1 else { throw node.error("it must be above 0 and at most 1") }
            return value
        }
        extra = reader.read("extra", of: node) { (node) throws(DeclarationError) in try node.words() } ?? []
    }
}

/// What relative paths of a stack start from.
private struct StackPaths {
    let folder: FilePath
    let userFolder: FilePath?

    func path(_ node: YAMLNode) throws(DeclarationError) -> FilePath {
        let text = try node.word()
        if text == "~" || text.hasPrefix("~/") {
            guard let userFolder else { throw node.error("`~` means nothing here: no home folder is known") }
            return userFolder.pushing(FilePath(String(text.dropFirst(2)))).lexicallyNormalized()
        }
        return folder.pushing(FilePath(text)).lexicallyNormalized()
    }

    func volume(_ node: YAMLNode) throws(DeclarationError) -> Stack.Volume {
        let text = try node.word()
        guard text.hasPrefix("volume:") else { return .folder(try path(node)) }
        let name = String(text.dropFirst("volume:".count))
        guard isDockerName(name) else { throw node.error("`\(name)` cannot be the name of a Docker volume") }
        return .dockerVolume(name)
    }
}

extension YAMLNode {
    fileprivate func absolutePath() throws(DeclarationError) -> String {
        let text = try word()
        guard text.hasPrefix("/"), text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw error("`\(text)` must begin with `/` and have no spaces")
        }
        return text
    }

    fileprivate func dockerName() throws(DeclarationError) -> String {
        let text = try word()
        guard isDockerName(text) else { throw error("`\(text)` cannot be the name of a container") }
        return text
    }

    /// A size above nothing.
    func byteCount() throws(DeclarationError) -> ByteCount {
        let text = try word()
        guard let count = ByteCount(parsing: text), count > 0 else {
            throw error("`\(text)` is not a size such as `200GB`")
        }
        return count
    }
}

/// Docker's own rule for names.
private func isDockerName(_ text: String) -> Bool {
    ModelReferenceScanner.isName(text) && text.first != "_"
}
