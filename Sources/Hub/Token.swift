public import Platform
public import SystemPackage

/// A secret that the hub knows its user by.
///
/// It has no description: it cannot be printed by accident.
public struct Token: Sendable, CustomStringConvertible, CustomReflectable {
    /// Where a token was found.
    public enum Origin: Sendable, Equatable {
        /// An environment variable.
        case environment(String)
        /// The file that `hf auth login` writes.
        case file(FilePath)
    }

    let secret: String
    /// Where it was found.
    public let origin: Origin

    /// Says that there is a token, not which.
    public var description: String { "(token)" }
    /// Shows no secret in a dump.
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// Looks where the ecosystem's other tools look: `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN`, then the file at
    /// `HF_TOKEN_PATH`, `$HF_HOME/token` or `~/.cache/huggingface/token`.
    public static func find(in environment: Environment) -> Token? {
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
            if let text = environment[name], let token = Token(text, .environment(name)) { return token }
        }
        if environment.isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") { return nil }
        guard let path = path(in: environment), let bytes = try? FileSystem.read(path, limit: 65_536) else {
            return nil
        }
        return Token(String(decoding: bytes, as: UTF8.self), .file(path))
    }

    private static func path(in environment: Environment) -> FilePath? {
        if let path = environment["HF_TOKEN_PATH"] { return FilePath(path) }
        if let home = environment["HF_HOME"] { return FilePath(home).appending("token") }
        if let cache = environment["XDG_CACHE_HOME"] { return FilePath(cache).appending("huggingface/token") }
        return environment["HOME"].map { FilePath($0).appending(".cache/huggingface/token") }
    }

    init?(_ text: String, _ origin: Origin) {
        let secret = text.filter { !$0.isWhitespace && !$0.isNewline }
        guard !secret.isEmpty, secret.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.secret = secret
        self.origin = origin
    }
}
