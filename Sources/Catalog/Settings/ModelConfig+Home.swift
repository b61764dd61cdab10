import Platform
public import SystemPackage

extension Home {
    private static let configs = "config/models/"

    /// Whether a configuration can be called so.
    public static func isConfigName(_ name: String) -> Bool {
        ModelReferenceScanner.isName(name) && name.first != "." && name.first != "-"
    }

    /// The file of a model's configuration, there or not.
    public func configFile(of name: String) -> FilePath {
        path.appending("config").appending("models").appending("\(name).yaml")
    }

    /// The names of the shipped configurations.
    public static var shippedConfigNames: [String] {
        Embedded.files.map(\.path).filter { $0.hasPrefix(configs) && $0.hasSuffix(".yaml") }
            .map { String($0.dropFirst(configs.count).dropLast(".yaml".count)) }
    }

    /// A shipped configuration.
    public static func shippedConfig(named name: String) throws(DeclarationError) -> ModelConfig? {
        guard let (bytes, file) = shippedConfigText(named: name) else { return nil }
        return try ModelConfig.read(bytes, file: file, name: name, origin: .builtIn)
    }

    /// The text of a shipped configuration, and how its file is named.
    public static func shippedConfigText(named name: String) -> (bytes: [UInt8], file: String)? {
        let path = "\(configs)\(name).yaml"
        return Embedded.bytes(path).map { ($0, "built-in \(path)") }
    }

    /// The names of the models with a configuration, those of the home and the shipped ones, sorted.
    public func configNames() throws(DeclarationError) -> [String] {
        var names = Set(Self.shippedConfigNames)
        let folder = path.appending("config").appending("models")
        do throws(SystemError) {
            for name in try FileSystem.list(folder) where name.hasSuffix(".yaml") {
                let name = String(name.dropLast(".yaml".count))
                if ModelReferenceScanner.isName(name) { names.insert(name) }
            }
        } catch { throw DeclarationError(file: folder.string, cause: error) }
        return names.sorted()
    }

    /// The text of a model's configuration and where it is from: the home's own, else the shipped one.
    public func configText(
        named name: String
    ) throws(DeclarationError) -> (bytes: [UInt8], file: String, origin: DeclarationOrigin)? {
        guard ModelReferenceScanner.isName(name) else { return nil }
        let file = configFile(of: name)
        if let bytes = try DeclaredFile.read(file) { return (bytes, file.string, .file(file)) }
        return Self.shippedConfigText(named: name).map { ($0.bytes, $0.file, .builtIn) }
    }

    /// Whether a configuration is word for word as it is shipped.
    public func isAsShipped(config name: String) throws(DeclarationError) -> Bool {
        guard let shipped = Embedded.bytes("\(Self.configs)\(name).yaml") else { return false }
        return try configText(named: name)?.bytes == shipped
    }

    /// The model that a configuration is about, also where the rest of it has mistakes; one that does not tell is a mistake
    /// of every model, since it might be the one.
    public func configModel(named name: String) throws(DeclarationError) -> ModelReference? {
        guard let (bytes, file, _) = try configText(named: name) else { return nil }
        // One line tells it, also in a file that cannot be read whole, and for the cost of a line.
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        if let line = lines.first(where: { $0.hasPrefix("model:") }),
            let node = (try? YAMLNode.parse(Array(line.utf8), file: file))?["model"], !node.isNull
        {
            return try ModelReference(declared: node)
        }
        let root = try YAMLNode.parse(bytes, file: file)
        guard let node = root["model"] else {
            throw ModelConfig.problems(in: bytes, file: file).first ?? root.error("`model` is missing")
        }
        return try ModelReference(declared: node)
    }

    /// The configuration of a name.
    public func config(named name: String) throws(DeclarationError) -> ModelConfig? {
        guard let (bytes, file, origin) = try configText(named: name) else { return nil }
        return try ModelConfig.read(bytes, file: file, name: name, origin: origin)
    }
}

extension Home {
    /// Writes what `body` makes of a model's configuration and answers its path; what would be a mistake is not written.
    ///
    /// `body` is given what is there: the home's own file, else the shipped one, else nothing.
    @discardableResult
    public func changeConfig(
        named name: String,
        _ body: ([UInt8]?) throws(DeclarationError) -> [UInt8]
    ) throws(DeclarationError) -> FilePath {
        let file = configFile(of: name)
        guard Self.isConfigName(name) else {
            throw DeclarationError(
                file: file.string,
                line: 0,
                column: 0,
                message: "`\(name)` cannot be a file's name here"
            )
        }
        let shipped = Self.shippedConfigText(named: name)?.bytes
        try DeclaredFile.change(file, in: path) { (present) throws(DeclarationError) in
            let bytes = try body(present ?? shipped)
            if let problem = ModelConfig.problems(in: bytes, file: file.string).first { throw problem }
            return bytes
        }
        return file
    }

    /// Removes the home's own configuration of a name, so that the shipped one holds again, if there is one.
    public func removeConfig(named name: String) throws(DeclarationError) {
        try DeclaredFile.remove(configFile(of: name))
    }

    /// Writes what `body` makes of the home's `settings.yaml`; what would be a mistake is not written.
    @discardableResult
    public func changeSettings(
        _ body: ([UInt8]) throws(DeclarationError) -> [UInt8]
    ) throws(DeclarationError) -> FilePath {
        let file = Settings.file(in: path)
        try DeclaredFile.change(file, in: path) { (present) throws(DeclarationError) in
            let bytes = try body(present ?? Array(Settings.template.utf8))
            if let problem = Settings.problems(in: bytes, file: file.string).first { throw problem }
            return bytes
        }
        return file
    }
}

extension ModelReference {
    fileprivate init(declared node: YAMLNode) throws(DeclarationError) {
        let text = try node.word()
        do throws(ModelReferenceError) { self = try ModelReference(parsing: text) } catch {
            throw node.error("\(error)")
        }
    }
}
