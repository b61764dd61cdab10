import Docker
import Platform
import SystemPackage
import TestSupport
import Testing
import Transport

struct AddressTests {
    private func address(_ environment: Environment) throws -> EngineAddress {
        try EngineAddress(environment: environment)
    }

    // MARK: DOCKER_HOST

    @Test func `the environment names a socket`() throws {
        let address = try address([
            "DOCKER_HOST": "unix:///run/x.sock", "DOCKER_CONTEXT": "other", "XDG_RUNTIME_DIR": "/nowhere",
        ])
        #expect(address.place == .socket("/run/x.sock") && address.origin == .variable)
        #expect(address.description == "unix:///run/x.sock")
    }

    @Test(
        arguments: [
            ("tcp://127.0.0.1:4711", "127.0.0.1", 4711), ("tcp://gpu1", "gpu1", 2375),
            ("tcp://gpu1:80", "gpu1", 80), ("tcp://gpu1:2375/", "gpu1", 2375),
            ("tcp://[::1]:2375", "[::1]", 2375),
            ("tcp://[::1]", "[::1]", 2375),
        ]
    )
    func `the environment names a port`(text: String, host: String, port: Int) throws {
        let address = try address(["DOCKER_HOST": text, "HOME": "/home/x"])
        #expect(address.place == .network(host: host, port: port, nil))
    }

    @Test func `a certificate is shown where the environment has one`() throws {
        let verified = try address([
            "DOCKER_HOST": "tcp://gpu1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs",
            "HOME": "/home/x",
        ])
        let identity = TLSIdentity(
            authorities: "/certs/ca.pem",
            certificate: "/certs/cert.pem",
            key: "/certs/key.pem"
        )
        #expect(verified.place == .network(host: "gpu1", port: 2376, identity))
        let unverified = try address(["DOCKER_HOST": "tcp://gpu1:1", "DOCKER_CERT_PATH": "/certs"])
        guard case .network(_, 1, let identity?) = unverified.place else {
            Issue.record("\(unverified)")
            return
        }
        #expect(!identity.verifiesServer && identity.certificate == "/certs/cert.pem")
        let own = try address(["DOCKER_HOST": "tcp://gpu1:1", "DOCKER_TLS_VERIFY": "1", "HOME": "/home/x"])
        guard case .network(_, _, let identity?) = own.place else {
            Issue.record("\(own)")
            return
        }
        #expect(identity.authorities == "/home/x/.docker/ca.pem")
    }

    @Test(
        arguments: [
            ("ssh://gpu1", nil, "gpu1", nil), ("ssh://me@gpu1", "me", "gpu1", nil),
            ("ssh://me@gpu1:2222", "me", "gpu1", 2222), ("ssh://gpu1:22/", nil, "gpu1", 22),
            ("ssh://me@[fe80::1]:22", "me", "fe80::1", 22),
        ] as [(String, String?, String, Int?)]
    )
    func `the environment names a host behind ssh`(text: String, user: String?, host: String, port: Int?)
        throws
    {
        guard case .ssh(let destination) = try address(["DOCKER_HOST": text]).place else {
            Issue.record("no ssh")
            return
        }
        #expect(destination.user == user && destination.host == host && destination.port == port)
    }

    @Test(arguments: [
        "npipe:////./pipe/docker", "/var/run/docker.sock", "fd://", "unix://", "unix://relative.sock",
        "unix:///" + String(repeating: "x", count: 200), "tcp://", "tcp://:2375", "tcp://a:b",
        "tcp://a:70000",
        "tcp://a/path", "tcp://a b", "tcp://me@host:1", "ssh://", "ssh://-oProxyCommand=x", "ssh://-l@host",
        "ssh://@host",
        "ssh://a@b@c", "ssh://host/run/docker.sock", "ssh://host:0", "ssh://a b", "http://host",
    ])
    func `other addresses are not spoken`(text: String) {
        let failure = #expect(throws: DockerError.self) { try self.address(["DOCKER_HOST": text]) }
        guard case .unsupportedAddress(text) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    // MARK: Contexts

    /// `~/.docker` with a context that is called `gpu`.
    private func home(meta: String?, current: String? = nil, keys: Bool = false) throws -> TemporaryDirectory
    {
        let home = try TemporaryDirectory()
        let digest = Digest.of(Array("gpu".utf8)).hex
        if let meta { try home.write(meta, to: ".docker/contexts/meta/\(digest)/meta.json") }
        if let current { try home.write(current, to: ".docker/config.json") }
        if keys {
            for name in ["ca", "cert", "key"] {
                try home.write("x", to: ".docker/contexts/tls/\(digest)/docker/\(name).pem")
            }
        }
        return home
    }

    private static let meta = """
        {"Name":"gpu","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://gpu1:2376","SkipTLSVerify":false}}}
        """

    @Test func `a context names the engine`() throws {
        let home = try home(meta: Self.meta, current: #"{"auths":{},"currentContext":"gpu"}"#, keys: true)
        let keys = home.appending(".docker/contexts/tls/\(Digest.of(Array("gpu".utf8)).hex)/docker")
        let identity = TLSIdentity(
            authorities: keys.appending("ca.pem"),
            certificate: keys.appending("cert.pem"),
            key: keys.appending("key.pem")
        )
        let configured = try address(["HOME": home.path.string])
        #expect(configured.place == .network(host: "gpu1", port: 2376, identity))
        #expect(configured.origin == .context("gpu", namedBy: home.appending(".docker/config.json").string))
        let named = try address(["DOCKER_CONFIG": home.appending(".docker").string, "DOCKER_CONTEXT": "gpu"])
        #expect(named.place == configured.place)
        #expect(named.origin == .context("gpu", namedBy: "DOCKER_CONTEXT"))
    }

    @Test func `a context without certificates is spoken to in the clear`() throws {
        let home = try home(meta: Self.meta)
        let address = try address(["HOME": home.path.string, "DOCKER_CONTEXT": "gpu"])
        #expect(address.place == .network(host: "gpu1", port: 2376, nil))
    }

    @Test func `the default context is no context`() throws {
        let home = try home(meta: nil, current: #"{"currentContext":"gpu"}"#)
        let runtime = try TemporaryDirectory()
        try runtime.write("", to: "docker.sock")
        for name in ["default", "default"] {
            let address = try address([
                "HOME": home.path.string, "DOCKER_CONTEXT": name, "XDG_RUNTIME_DIR": runtime.path.string,
            ])
            #expect(address.place == .socket(runtime.appending("docker.sock")))
        }
    }

    @Test(arguments: [
        nil, "", "{", "[]", "{}", #"{"Endpoints":{}}"#, #"{"Endpoints":{"docker":{}}}"#,
        #"{"Endpoints":{"docker":{"Host":""}}}"#, #"{"Endpoints":{"docker":{"Host":7}}}"#,
    ])
    func `a context that says nothing usable is named`(meta: String?) throws {
        let home = try home(meta: meta)
        let failure = #expect(throws: DockerError.self) {
            try self.address(["HOME": home.path.string, "DOCKER_CONTEXT": "gpu"])
        }
        guard case .badContext("gpu", _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `a configuration that cannot be read is no reason to take another engine`() throws {
        let home = try home(meta: nil, current: "{")
        let failure = #expect(throws: DockerError.self) { try self.address(["HOME": home.path.string]) }
        guard case .badContext = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    // MARK: The usual sockets

    @Test func `a user's own engine goes before the machine's, Docker before Podman`() throws {
        let runtime = try TemporaryDirectory()
        let environment: Environment = ["XDG_RUNTIME_DIR": runtime.path.string, "HOME": "/nowhere"]
        try runtime.write("", to: "podman/podman.sock")
        let podman = try address(environment)
        if !FileSystem.exists("/var/run/docker.sock") {
            #expect(podman.place == .socket(runtime.appending("podman/podman.sock")))
            #expect(
                podman.origin
                    == .usual(passedOver: [runtime.appending("docker.sock"), "/var/run/docker.sock"])
            )
        }
        try runtime.write("", to: "docker.sock")
        #expect(try address(environment).place == .socket(runtime.appending("docker.sock")))
        #expect(try address(environment).origin == .usual(passedOver: []))
    }
}
