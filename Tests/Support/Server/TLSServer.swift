import Platform
public import SystemPackage

/// A server that speaks TLS, with a certificate of its own that nobody knows: openssl's, which answers every question
/// with a page about itself.
public final class TLSServer: Sendable {
    /// The certificate, for `SSL_CERT_FILE`.
    public let certificate: FilePath
    /// The port.
    public let port: UInt16
    /// The server's address without a trailing slash.
    public var url: String { "https://127.0.0.1:\(port)" }

    private let directory: TemporaryDirectory
    private let run: BinaryRun

    /// Makes a certificate for `127.0.0.1` and a name, and listens on a port of 127.0.0.1.
    public init(name: String = "hub.test") async throws {
        directory = try TemporaryDirectory()
        certificate = directory.appending("certificate.pem")
        let key = directory.appending("key.pem")
        let making = try await BinaryRun.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2",
                "-keyout", key.string, "-out", certificate.string, "-subj", "/CN=\(name)",
                "-addext", "subjectAltName=DNS:\(name),IP:127.0.0.1",
            ]
        )
        guard making.status == 0 else { throw NotStarted(reason: making.errors) }
        run = try BinaryRun(
            "/usr/bin/openssl",
            [
                "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate.string, "-key", key.string,
            ]
        )
        try await run.waitUntil(timeout: .seconds(60)) { Self.port(in: $0.output) != nil }
        guard let port = Self.port(in: run.output) else { throw NotStarted(reason: run.errors) }
        self.port = port
    }

    /// openssl did not do it.
    public struct NotStarted: Error {
        /// What it said.
        public let reason: String
    }

    private static func port(in output: String) -> UInt16? {
        let line = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .first { $0.hasPrefix("ACCEPT ") }
        return line?.split(separator: ":").last.flatMap { UInt16($0) }
    }
}
