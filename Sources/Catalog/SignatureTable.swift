import Platform
public import SystemPackage

/// The known reasons why an engine does not come up, in the order in which they are tried.
public struct SignatureTable: Sendable {
    /// The reasons, the more telling ones first.
    public let signatures: [Signature]

    private static let embeddedFile = "config/signatures.yaml"
    private static let builtIn = Result { () throws(DeclarationError) in
        try Signature.read(Embedded.bytes(embeddedFile) ?? [], file: "built-in \(embeddedFile)", .builtIn)
    }

    /// The file in a home where the user declares signatures.
    public static func file(in home: FilePath) -> FilePath {
        home.appending("config").appending("signatures.yaml")
    }

    /// Reads the table: what is built in, and what `config/signatures.yaml` of the home lays over it.
    public static func load(home: FilePath?) throws(DeclarationError) -> SignatureTable {
        let base = SignatureTable(signatures: try builtIn.get())
        guard let path = home.map(file(in:)), let bytes = try DeclaredFile.read(path) else { return base }
        return base.overlaid(with: try Signature.read(bytes, file: path.string, .file(path)))
    }

    /// Reads a table from one text alone.
    public static func load(_ bytes: [UInt8], file: String) throws(DeclarationError) -> SignatureTable {
        SignatureTable(signatures: try Signature.read(bytes, file: file, .file(FilePath(file))))
    }

    /// A signature of a known name takes its place; the others are tried first, as their author has seen more of this
    /// host than we have.
    private func overlaid(with own: [Signature]) -> SignatureTable {
        let replacing = Dictionary(own.map { ($0.id, $0) }) { first, _ in first }
        let known = Set(signatures.map(\.id))
        return SignatureTable(
            signatures: own.filter { !known.contains($0.id) } + signatures.map { replacing[$0.id] ?? $0 }
        )
    }
}
