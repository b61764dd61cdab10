public import SystemPackage

/// Who speaks in an exchange over TLS, and by whose word the other side is believed: files in PEM.
public struct TLSIdentity: Sendable, Hashable {
    /// The certificates of those who vouch for the server, in place of the system's.
    public let authorities: FilePath?
    /// The client's certificate.
    public let certificate: FilePath?
    /// The key of the client's certificate.
    public let key: FilePath?
    /// Whether the server must be who it says it is.
    public let verifiesServer: Bool

    /// Names the files.
    public init(authorities: FilePath?, certificate: FilePath?, key: FilePath?, verifiesServer: Bool = true) {
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
        self.verifiesServer = verifiesServer
    }
}
