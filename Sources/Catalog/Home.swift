public import Platform
public import SystemPackage

/// The folder that holds the user's `stacks/` and `config/`.
public struct Home: Sendable {
    /// How it was found.
    public enum Origin: String, Sendable {
        /// It was given with the command.
        case flag
        /// The environment names it.
        case environment
        /// The working directory lies in it.
        case parent
        /// It is the place for the user's data.
        case user
    }

    /// Where it is; it need not exist.
    public let path: FilePath
    /// How it was found.
    public let origin: Origin
    /// What `~` means in the stacks' paths.
    private let userFolder: FilePath?

    /// Finds the home: as given, else as `STACKCTL_HOME` says, else the nearest parent of the working
    /// directory that has stacks, else the user's data folder.
    public static func locate(flag: String?, environment: Environment, workingDirectory: FilePath) -> Home {
        let user = environment["HOME"].map { FilePath($0) }
        func home(_ path: FilePath, _ origin: Origin) -> Home {
            Home(path: path.lexicallyNormalized(), origin: origin, userFolder: user)
        }
        for (text, origin) in [(flag, Origin.flag), (environment["STACKCTL_HOME"], .environment)] {
            guard let text, !text.isEmpty else { continue }
            if let user, text == "~" || text.hasPrefix("~/") {
                return home(user.pushing(FilePath(String(text.dropFirst(2)))), origin)
            }
            return home(workingDirectory.pushing(FilePath(text)), origin)
        }
        var folder = workingDirectory.lexicallyNormalized()
        while !folder.isEmpty {
            if hasStacks(folder) { return home(folder, .parent) }
            guard folder.removeLastComponent() else { break }
        }
        // The standard of these folders: a relative one is to be ignored.
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
            return home(FilePath(data).appending("stackctl"), .user)
        }
        // A daemon may have no home folder at all.
        return home(user?.pushing(".local/share/stackctl") ?? "/var/lib/stackctl", .user)
    }

    private static func hasStacks(_ folder: FilePath) -> Bool {
        let stacks = folder.appending("stacks")
        let names = (try? FileSystem.list(stacks)) ?? []
        return names.contains { FileSystem.exists(stacks.appending($0).appending("stack.yaml")) }
    }
}

// MARK: Stacks

extension Home {
    /// The files of the shipped stacks and catalog: where each lies in a home, and its content.
    public static var shipped: [(path: String, bytes: [UInt8])] {
        Embedded.files.filter { !$0.path.hasPrefix(EngineFlags.folder) }
    }

    private static let aliases = ["llama.cpp": "llamacpp"]

    /// The folder of a stack.
    public func folder(of stack: String) -> FilePath { path.appending("stacks").appending(stack) }

    /// The names of the stacks, those of the home and the shipped ones, sorted.
    public func stackNames() throws(DeclarationError) -> [String] {
        let stacks = path.appending("stacks")
        var names: Set<String> = []
        for (path, _) in Embedded.files where path.hasPrefix("stacks/") && path.hasSuffix("/stack.yaml") {
            names.insert(String(path.dropFirst("stacks/".count).dropLast("/stack.yaml".count)))
        }
        do throws(SystemError) {
            for name in try FileSystem.list(stacks) where ModelReferenceScanner.isName(name) {
                if FileSystem.exists(stacks.appending(name).appending("stack.yaml")) { names.insert(name) }
            }
        } catch {
            throw DeclarationError(file: stacks.string, cause: error)
        }
        return names.sorted()
    }

    /// The stacks of the home and those that are shipped and that the home has none of its own for, sorted by
    /// name.
    public func stacks() throws(DeclarationError) -> [Stack] {
        var stacks: [Stack] = []
        for name in try stackNames() {
            if let stack = try stack(named: name) { stacks.append(stack) }
        }
        return stacks
    }

    /// The stack of a name; `llama.cpp` is another word for `llamacpp`.
    public func stack(named name: String) throws(DeclarationError) -> Stack? {
        let name = Self.aliases[name] ?? name
        guard ModelReferenceScanner.isName(name) else { return nil }
        let folder = folder(of: name)
        let file = folder.appending("stack.yaml")
        if let bytes = try DeclaredFile.read(file) {
            return try read(bytes, file.string, name, .file(file))
        }
        let shipped = "stacks/\(name)/stack.yaml"
        guard let bytes = Embedded.bytes(shipped) else { return nil }
        return try read(bytes, "built-in \(shipped)", name, .builtIn)
    }

    private func read(
        _ bytes: [UInt8],
        _ file: String,
        _ name: String,
        _ origin: DeclarationOrigin
    ) throws(DeclarationError) -> Stack {
        try Stack.read(
            bytes,
            file: file,
            name: name,
            folder: folder(of: name),
            userFolder: userFolder,
            origin: origin
        )
    }
}
