import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing
import Transport

/// Sets these variables, and unsets what else could decide how a host is reached.
private func setOnly(_ variables: [String: String]) {
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        unsetenv(name)
        unsetenv(name.uppercased())
    }
    for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE"] { unsetenv(name) }
    for (name, value) in variables { setenv(name, value, 1) }
}

/// libcurl reads the proxy's variables from the process: each of these tests has a process of its own.
struct ProxyTests {
    @Test(arguments: ["http_proxy", "all_proxy", "ALL_PROXY"])
    func `a plain request is sent to the proxy, which alone has to know the host`(variable: String) async {
        await #expect(processExitsWith: .success) { [variable] in
            let server = try StubServer { StubResponse(text: "you asked for \($0.target)") }
            let proxy = try StubProxy(routes: ["hub.test:80": server.port])
            setOnly([variable: proxy.url])
            let response = try await HTTPClient.shared.fetch(HTTPRequest(.get, "http://hub.test/a?b"))
            #expect(String(decoding: response.body, as: UTF8.self) == "you asked for /a?b")
            #expect(proxy.asked == ["GET http://hub.test/a?b"])
            #expect(server.requests.map { $0.request.headers["host"] } == ["hub.test"])
        }
    }

    @Test(arguments: ["https_proxy", "HTTPS_PROXY"])
    func `a request by TLS goes through a tunnel, and the certificate is the host's`(variable: String)
        async throws
    {
        let server = try await TLSServer(name: "hub.test")
        await #expect(processExitsWith: .success) {
            [variable, certificate = server.certificate.string as String, port = server.port as UInt16] in
            // Before anything else in this process asks for the environment, which is read once.
            setOnly(["SSL_CERT_FILE": certificate])
            let proxy = try StubProxy(routes: ["hub.test:443": port])
            setenv(variable, proxy.url, 1)
            let response = try await HTTPClient.shared.fetch(HTTPRequest(.get, "https://hub.test/"))
            #expect(response.head.status == 200)
            #expect(proxy.asked == ["CONNECT hub.test:443"])
        }
        withExtendedLifetime(server) {}
    }

    @Test func `a tunnel to a host whose certificate is not trusted is left`() async {
        await #expect(processExitsWith: .success) {
            let server = try await TLSServer(name: "hub.test")
            let proxy = try StubProxy(routes: ["hub.test:443": server.port])
            setOnly(["https_proxy": proxy.url])
            let failure = await transportError {
                try await HTTPClient.shared.fetch(HTTPRequest(.get, "https://hub.test/"))
            }
            guard case .untrusted = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
        }
    }

    @Test(arguments: [
        ["http_proxy": "PROXY", "no_proxy": "other.test,127.0.0.1"],
        ["http_proxy": "PROXY", "NO_PROXY": "*"],
        // A server's environment may hold what its clients sent as `Proxy:`; curl takes the lower-case name alone.
        ["HTTP_PROXY": "PROXY"], ["https_proxy": "PROXY"],
    ])
    func `a host that no proxy is set for is asked itself`(variables: [String: String]) async {
        await #expect(processExitsWith: .success) { [variables] in
            let server = try StubServer { _ in StubResponse(text: "here") }
            let proxy = try StubProxy(routes: ["127.0.0.1:\(server.port)": server.port])
            setOnly(variables.mapValues { $0 == "PROXY" ? proxy.url : $0 })
            let response = try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url))
            #expect(String(decoding: response.body, as: UTF8.self) == "here")
            #expect(proxy.asked.isEmpty)
        }
    }

    @Test func `a proxy is told who asks, the server is not`() async {
        await #expect(processExitsWith: .success) {
            let server = try StubServer { _ in StubResponse(text: "here") }
            let proxy = try StubProxy(routes: ["hub.test:80": server.port])
            setOnly(["http_proxy": "http://user:secret@127.0.0.1:\(proxy.port)"])
            _ = try await HTTPClient.shared.fetch(HTTPRequest(.get, "http://hub.test/"))
            #expect(proxy.authorizations == ["Basic dXNlcjpzZWNyZXQ="])
            #expect(server.requests.map { $0.request.headers["proxy-authorization"] } == [nil])
        }
    }

    @Test(arguments: ["http://user:secret@127.0.0.1:1", "http://user:secret@proxy.invalid:8080"])
    func `a proxy that is not there is named, without its password`(address: String) async {
        await #expect(processExitsWith: .success) { [address] in
            setOnly(["http_proxy": address])
            let failure = await transportError {
                try await HTTPClient.shared.fetch(HTTPRequest(.get, "http://hub.test/"))
            }
            #expect(failure?.isPassing == true)
            let words = failure.map { "\($0)" } ?? ""
            #expect(words.contains("127.0.0.1") || words.contains("proxy"))
            #expect(!words.contains("secret"))
        }
    }

    @Test func `a socket on this machine is not reached through a proxy`() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryDirectory()
            let server = try StubServer(socket: folder.appending("s.sock")) { _ in StubResponse(text: "here")
            }
            setOnly(["all_proxy": "http://127.0.0.1:1"])
            let request = HTTPRequest(.get, "http://docker/", unixSocket: server.socketPath)
            #expect(try await HTTPClient.shared.fetch(request).head.status == 200)
        }
    }
}
