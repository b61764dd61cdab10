import Platform
public import SystemPackage

/// What models are wanted for, in the order in which it is shown.
public struct ProfileTable: Sendable {
    /// The profiles.
    public let profiles: [Profile]

    private static let embeddedFile = "config/profiles.yaml"
    private static let builtIn = Result { () throws(DeclarationError) in
        try Profile.read(Embedded.bytes(embeddedFile) ?? [], file: "built-in \(embeddedFile)", .builtIn)
    }

    /// The file in a home where the user declares profiles.
    public static func file(in home: FilePath) -> FilePath {
        home.appending("config").appending("profiles.yaml")
    }

    /// Reads the table: what is built in, and what `config/profiles.yaml` of the home lays over it.
    public static func load(home: FilePath?) throws(DeclarationError) -> ProfileTable {
        let base = try builtIn.get()
        guard let path = home.map(file(in:)), let bytes = try DeclaredFile.read(path) else {
            return ProfileTable(profiles: base)
        }
        let own = try Profile.read(bytes, file: path.string, .file(path))
        let replacing = Dictionary(own.map { ($0.name, $0) }) { first, _ in first }
        let known = Set(base.map(\.name))
        return ProfileTable(
            profiles: base.map { replacing[$0.name] ?? $0 } + own.filter { !known.contains($0.name) }
        )
    }

    /// Reads a table from one text alone.
    public static func load(_ bytes: [UInt8], file: String) throws(DeclarationError) -> ProfileTable {
        ProfileTable(profiles: try Profile.read(bytes, file: file, .file(FilePath(file))))
    }

    /// The profile of a name.
    public func profile(named name: String) -> Profile? { profiles.first { $0.name == name } }
}
