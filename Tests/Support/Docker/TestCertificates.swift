import Platform
public import SystemPackage

/// An authority that nobody else knows, with a certificate for a server at 127.0.0.1 and one for a client: the files that
/// `DOCKER_CERT_PATH` leads to, and the server's own beside them.
public final class TestCertificates: Sendable {
    /// Where `ca.pem`, `cert.pem`, `key.pem`, `server-cert.pem` and `server-key.pem` are.
    public let folder: FilePath
    private let directory: TemporaryDirectory

    /// Makes them, with the system's openssl.
    public init() async throws {
        directory = try TemporaryDirectory()
        folder = directory.path
        try await make(
            "ca-key",
            "ca",
            subject: "/CN=test",
            more: ["-addext", "basicConstraints=critical,CA:TRUE"]
        )
        let signing = ["-CA", "\(folder)/ca.pem", "-CAkey", "\(folder)/ca-key.pem"]
        try await make(
            "server-key",
            "server-cert",
            subject: "/CN=localhost",
            more: signing + [
                "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "extendedKeyUsage=serverAuth",
            ]
        )
        try await make(
            "key",
            "cert",
            subject: "/CN=client",
            more: signing + ["-addext", "extendedKeyUsage=clientAuth"]
        )
    }

    private func make(_ key: String, _ certificate: String, subject: String, more: [String]) async throws {
        let made = try await BinaryRun.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2",
                "-keyout", "\(folder)/\(key).pem", "-out", "\(folder)/\(certificate).pem", "-subj", subject,
            ] + more
        )
        guard made.status == 0 else { throw PrivateEngine.NotStarted(reason: made.errors) }
    }
}

/// A port of 127.0.0.1 that nobody listens on at this moment.
///
/// It is none that the kernel gives to those who ask for any, as other tests do all the time.
public func freePort() throws -> UInt16 {
    for _ in 0..<100 {
        if let socket = try? Socket.listen(.loopback(port: .random(in: 20_000..<32_000))) {
            return socket.port
        }
    }
    return try Socket.listen(.loopback(port: 0)).port
}
