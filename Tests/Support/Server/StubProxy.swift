/// An HTTP proxy on a port of its own: it forwards what is asked of it by a whole URL, and makes tunnels by `CONNECT`.
///
/// It alone knows the names that its routes have, so that whoever gets an answer has asked it.
public final class StubProxy: Sendable {
    private let server: StubServer

    /// Leads every `host:port` of `routes` to a port of 127.0.0.1, and nothing else anywhere.
    public init(routes: [String: UInt16]) throws {
        server = try StubServer(name: "proxy") { request in
            request.method == "CONNECT" ? Self.tunnel(request, routes) : Self.forward(request, routes)
        }
    }

    /// The proxy's address without a trailing slash.
    public var url: String { server.url }
    /// The port.
    public var port: UInt16 { server.port }
    /// What was asked of it, method and target.
    public var asked: [String] { server.requests.map { "\($0.request.method) \($0.request.target)" } }
    /// What it was told of who asks.
    public var authorizations: [String?] { server.requests.map { $0.request.headers["proxy-authorization"] } }

    private static func forward(_ request: StubRequest, _ routes: [String: UInt16]) -> StubResponse {
        let rest = request.target.split(separator: "://", maxSplits: 1).last ?? ""
        let place = rest.prefix { $0 != "/" }
        guard request.target.hasPrefix("http://"), let port = route(String(place), ":80", routes) else {
            return StubResponse(502, text: "no route to \(place)")
        }
        var headers = request.headers
        for name in ["proxy-authorization", "proxy-connection"] { headers[name] = nil }
        guard
            let answer = try? RawHTTP(port: port).send(
                request.method,
                String(rest.dropFirst(place.count)),
                headers: headers,
                body: request.body.isEmpty ? nil : request.body
            )
        else { return StubResponse(502, text: "\(place) does not answer") }
        var response = StubResponse(answer.status, headers: answer.headers, content: .bytes(answer.body))
        for name in ["connection", "transfer-encoding"] { response.headers[name] = nil }
        return response
    }

    private static func tunnel(_ request: StubRequest, _ routes: [String: UInt16]) -> StubResponse {
        guard let port = route(request.target, ":443", routes),
            let far = try? Socket.connect(.loopback(port: port))
        else { return StubResponse(502, text: "no route to \(request.target)") }
        var response = StubResponse(200)
        response.framing = .close
        response.takeover = { near in
            onNewThread {
                while case let bytes = far.receive(), !bytes.isEmpty, near.send(bytes) {}
                near.end()
            }
            while case let bytes = near.receive(), !bytes.isEmpty, far.send(bytes) {}
            far.shutDown()
        }
        return response
    }

    private static func route(_ place: String, _ usual: String, _ routes: [String: UInt16]) -> UInt16? {
        routes[place] ?? routes[place + usual]
    }
}
