import Platform
import SystemPackage
import Transport

/// The folder in which the docker command keeps its configuration and its contexts.
struct DockerConfiguration {
    private let folder: FilePath?

    init(_ environment: Environment) {
        folder =
            environment["DOCKER_CONFIG"].map { FilePath($0) }
            ?? environment["HOME"].map { FilePath($0).appending(".docker") }
    }

    /// Who speaks over TCP: in the clear unless one of the three variables asks for TLS, which is what the docker command
    /// and its library make of them.
    func identity(of environment: Environment) -> TLSIdentity? {
        let verifies = environment["DOCKER_TLS_VERIFY"] != nil
        let given = environment["DOCKER_CERT_PATH"].map { FilePath($0) }
        guard verifies || environment["DOCKER_TLS"] != nil || given != nil else { return nil }
        let folder = given ?? folder
        return TLSIdentity(
            authorities: verifies ? folder?.appending("ca.pem") : nil,
            certificate: folder?.appending("cert.pem"),
            key: folder?.appending("key.pem"),
            verifiesServer: verifies
        )
    }

    // MARK: Contexts

    /// The context that is in use, unless it is the default one, and what names it.
    func currentContext(_ environment: Environment) throws(DockerError) -> (name: String, namedBy: String)? {
        if let name = environment["DOCKER_CONTEXT"] {
            return name == "default" ? nil : (name, "DOCKER_CONTEXT")
        }
        struct File: Decodable { let currentContext: String? }
        guard let path = folder?.appending("config.json"), FileSystem.exists(path) else { return nil }
        guard let name = try read(File.self, path, context: "of \(path)").currentContext, !name.isEmpty,
            name != "default"
        else { return nil }
        return (name, path.string)
    }

    /// What a context says of its engine.
    func endpoint(ofContext name: String) throws(DockerError) -> (address: String, identity: TLSIdentity?) {
        struct File: Decodable {
            struct Endpoint: Decodable {
                let host: String?
                let skipsVerification: Bool?
                enum CodingKeys: String, CodingKey { case host = "Host", skipsVerification = "SkipTLSVerify" }
            }
            let endpoints: [String: Endpoint]?
            enum CodingKeys: String, CodingKey { case endpoints = "Endpoints" }
        }
        guard let folder else { throw .badContext(name, "no home folder is known") }
        let digest = Digest.of(Array(name.utf8)).hex
        let path = folder.pushing(FilePath("contexts/meta/\(digest)/meta.json"))
        guard FileSystem.exists(path) else { throw .badContext(name, "there is no such context") }
        let endpoint = try read(File.self, path, context: name).endpoints?["docker"]
        guard let endpoint, let host = endpoint.host, !host.isEmpty else {
            throw .badContext(name, "it has no address of an engine")
        }
        let keys = folder.pushing(FilePath("contexts/tls/\(digest)/docker"))
        func file(_ name: String) -> FilePath? {
            let path = keys.appending(name)
            return FileSystem.exists(path) ? path : nil
        }
        let identity = TLSIdentity(
            authorities: file("ca.pem"),
            certificate: file("cert.pem"),
            key: file("key.pem"),
            verifiesServer: endpoint.skipsVerification != true
        )
        let isUsed = identity.authorities != nil || identity.certificate != nil || !identity.verifiesServer
        return (host, isUsed ? identity : nil)
    }

    private func read<Document: Decodable>(_ type: Document.Type, _ path: FilePath, context: String)
        throws(DockerError) -> Document
    {
        do { return try JSON.decode(type, from: FileSystem.read(path, limit: 1_000_000)) } catch let error
            as SystemError
        {
            throw .badContext(context, "\(error)")
        } catch { throw .badContext(context, "\(path) is not what the docker command writes") }
    }
}
