import Hub
import Platform
import TestSupport
import Testing

/// A registry with one model, and a client of a hub through which it is asked.
private struct OneModel {
    static let weights = StubContent.generated(size: 100_000, seed: 3)
    static let name = OllamaName(repository: "library/tiny", tag: "1b")

    let stub: StubRegistry
    let manifest: String
    let registry: OllamaRegistry

    init() throws {
        stub = try StubRegistry()
        manifest = stub.publish(
            "library/tiny:1b",
            layers: ["model": Self.weights, "template": .text("{{ .Prompt }}"), "adapter": .text("a")],
            fileType: "Q4_K_M"
        )
        // The hub's token must go nowhere near a registry.
        registry = HubClient("http://127.0.0.1:1", token: StubHub.grantedToken).registry(at: stub.endpoint)
    }

    var headersSeen: [String] {
        (stub.requests + stub.storageRequests).flatMap { $0.request.headers.pairs.map(\.value) }
    }
}

/// What a registry refused with; fails the test if it did not refuse.
private func fact<Answer>(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ ask: () async throws -> Answer
) async -> String {
    do {
        let answer = try await ask()
        Issue.record("the registry answered \(answer)", sourceLocation: sourceLocation)
    } catch let error as OllamaError {
        return "\(error)"
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return ""
}

struct OllamaRegistryTests {
    @Test func `a manifest tells its own hash and what each layer is`() async throws {
        let model = try OneModel()
        let manifest = try await model.registry.manifest(of: OneModel.name)
        #expect(manifest.digest == Digest.of(Array(model.manifest.utf8)))
        #expect(manifest.layers.map(\.role) == [.model, .other("template"), .adapter])
        let weights = OllamaManifest.Layer(role: .model, digest: OneModel.weights.sha256, size: 100_000)
        #expect(manifest.layers(.model) == [weights])
        let request = try #require(model.stub.requests.first?.request)
        #expect((request.method, request.target) == ("GET", "/v2/library/tiny/manifests/1b"))
        #expect(request.headers["accept"] == "application/vnd.docker.distribution.manifest.v2+json")
        #expect(request.headers["authorization"] == nil)
        #expect(model.stub.requests.count == 1)
    }

    @Test func `the model's description is checked and read`() async throws {
        let model = try OneModel()
        let manifest = try await model.registry.manifest(of: OneModel.name)
        let told = try await model.registry.configuration(of: manifest, of: OneModel.name)
        #expect(told?.fileType == "Q4_K_M")
        model.stub.inject(StubFault(.cdn, .corruptByte(at: 3)))
        let words = await fact { try await model.registry.configuration(of: manifest, of: OneModel.name) }
        #expect(words == "library/tiny:1b: the model's description has another hash than the manifest names")
    }

    // MARK: Where bytes are

    @Test func `a blob is at another origin, which is told nothing`() async throws {
        let model = try OneModel()
        let location = try await model.registry.locate(OneModel.weights.sha256, of: OneModel.name)
        #expect(location.headers.isEmpty)
        #expect(!location.url.hasPrefix(model.stub.endpoint))
        #expect(model.stub.storageRequests.isEmpty)
        #expect(try RawHTTP.request("GET", location.url).body == OneModel.weights.all)
        let digest = "\(OneModel.weights.sha256)"
        #expect(model.stub.requests.map(\.request.target) == ["/v2/library/tiny/blobs/\(digest)"])
        let next = try model.registry.redirected(from: location.url, to: "/elsewhere?x")
        #expect((next.url.hasSuffix("/elsewhere?x"), next.headers.isEmpty) == (true, true))
        #expect(!model.headersSeen.contains { $0.contains(StubHub.grantedToken) })
    }

    @Test(arguments: [true, false])
    func `a registry that sends blobs itself is their address, ranges or not`(ranges: Bool) async throws {
        let model = try OneModel()
        model.stub.settings.usesStorage = false
        if !ranges {
            let whole = StubResponse(200, content: OneModel.weights)
            model.stub.inject(StubFault(.hub, .answer(whole), path: "/blobs/"))
        }
        let location = try await model.registry.locate(OneModel.weights.sha256, of: OneModel.name)
        #expect(location.url == "\(model.stub.endpoint)/v2/library/tiny/blobs/\(OneModel.weights.sha256)")
        // However long it is, not much of it is waited for.
        #expect(model.stub.requests.count == 1)
    }

    @Test(arguments: ["", "x", "ftp://evil/x", "//evil/x", "http://user:pw@evil/x"])
    func `a redirect to what is no address is unexpected`(location: String) async throws {
        let model = try OneModel()
        let answer = StubResponse(307, headers: ["Location": location])
        model.stub.inject(StubFault(.hub, .answer(answer), path: "/blobs/"))
        let words = await fact { try await model.registry.locate(OneModel.weights.sha256, of: OneModel.name) }
        #expect(words == "the registry redirects to no address")
    }

    @Test func `redirects inside the registry are followed, and not in a circle`() async throws {
        let model = try OneModel()
        let again = StubResponse(307, headers: ["Location": "/v2/library/tiny/manifests/1b"])
        model.stub.inject(StubFault(.hub, .answer(again), times: 2))
        _ = try await model.registry.manifest(of: OneModel.name)
        #expect(model.stub.requests.count == 3)
        model.stub.inject(StubFault(.hub, .answer(again), times: 100))
        let words = await fact { try await model.registry.manifest(of: OneModel.name) }
        #expect(words == "the registry redirects in a circle")
    }

    @Test func `a manifest is not taken from another origin`() async throws {
        let model = try OneModel()
        let elsewhere = try StubServer { _ in .json("{}") }
        let answer = StubResponse(302, headers: ["Location": "\(elsewhere.url)/v2/library/tiny/manifests/1b"])
        model.stub.inject(StubFault(.hub, .answer(answer)))
        let words = await fact { try await model.registry.manifest(of: OneModel.name) }
        #expect(words == "the registry leads to another one")
        #expect(elsewhere.requests.isEmpty)
    }

    @Test func `what is encrypted does not lead to what is not`() async throws {
        let registry = HubClient("http://127.0.0.1:1").registry(at: "https://registry.example")
        let words = #expect(throws: HubError.self) {
            try registry.redirected(from: "https://registry.example/v2/x", to: "http://elsewhere/x")
        }
        #expect(
            "\(try #require(words))"
                == "the registry redirects to http://elsewhere:80, which is not encrypted"
        )
    }

    // MARK: Manifests that are none

    private static let digest = "sha256:" + String(repeating: "a", count: 64)

    private static func manifest(_ layer: String, version: String = "2", kind: String = "") -> String {
        "{\"schemaVersion\":\(version)\(kind),\"layers\":[\(layer)]}"
    }

    @Test(
        arguments: [
            ("", "has not the shape of one"), ("[]", "has not the shape of one"),
            ("{\"schemaVersion\":2}", "has not the shape of one"),
            ("{\"schemaVersion\":2,\"layers\":{}}", "has not the shape of one"),
            (manifest("{}"), "has not the shape of one"),
            (
                manifest("{\"mediaType\":\"x\",\"digest\":\"\(digest)\",\"size\":1.5}"),
                "has not the shape of one"
            ),
            (
                manifest("{\"mediaType\":\"x\",\"digest\":\"\(digest)\",\"size\":\"1\"}"),
                "has not the shape of one"
            ),
            (
                manifest("{\"mediaType\":\"x\",\"digest\":\"\(digest)\",\"size\":99999999999999999999}"),
                "has not the shape of one"
            ),
            (manifest("", version: "1"), "is of the unknown kind `version 1`"),
            (
                manifest("", kind: ",\"mediaType\":\"application/vnd.oci.image.index.v1+json\""),
                "is of the unknown kind `application/vnd.oci.image.index.v1+json`"
            ),
            (
                manifest("{\"mediaType\":\"x\",\"digest\":\"\(digest)\",\"size\":-1}"),
                "names a size of -1 bytes"
            ),
            (
                manifest("{\"mediaType\":\"x\",\"digest\":\"sha256:abc\",\"size\":1}"),
                "names the digest `sha256:abc`, which is no SHA-256"
            ),
            (
                manifest("{\"mediaType\":\"x\",\"digest\":\"sha512:abc\",\"size\":1}"),
                "names the digest `sha512:abc`, which is no SHA-256"
            ),
            (
                "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"x\",\"digest\":\"../..\",\"size\":1},\"layers\":[]}",
                "names the digest `../..`, which is no SHA-256"
            ),
        ]
    )
    func `a manifest that is none is refused with the reason`(text: String, reason: String) async throws {
        let model = try OneModel()
        model.stub.publish("library/tiny:1b", manifest: text)
        let words = await fact { try await model.registry.manifest(of: OneModel.name) }
        #expect(words == "library/tiny:1b: the manifest \(reason)")
    }

    @Test func `a manifest without an end is left`() async throws {
        let model = try OneModel()
        let endless = StubResponse(200, content: .generated(size: 50_000_000))
        model.stub.inject(StubFault(.hub, .answer(endless)))
        let words = await fact { try await model.registry.manifest(of: OneModel.name) }
        #expect(words == "library/tiny:1b: the manifest is too long")
    }

    @Test func `a login page of the network is no manifest`() async throws {
        let model = try OneModel()
        model.stub.inject(StubFault(.hub, .captivePortal))
        let words = await fact { try await model.registry.manifest(of: OneModel.name) }
        #expect(words.hasPrefix("a web page came in place of the registry's answer"))
    }

    // MARK: Refusals

    @Test func `a model or tag that is not there is named`() async throws {
        let model = try OneModel()
        let other = OllamaName(repository: "library/tiny", tag: "2b")
        let words = await fact { try await model.registry.manifest(of: other) }
        #expect(words == "library/tiny:2b: no such model or tag")
        #expect(model.stub.requests.count == 1)
    }

    @Test func `a layer that is not there is another fact than a model that is not there`() async throws {
        let model = try OneModel()
        model.stub.withdraw(blob: OneModel.weights)
        let words = await fact {
            try await model.registry.locate(OneModel.weights.sha256, of: OneModel.name)
        }
        #expect(words == "library/tiny:1b: no layer \(OneModel.weights.sha256)")
    }

    @Test func `a layer's type may have more behind it`() async throws {
        let model = try OneModel()
        let layer = "\(StubRegistry.type("tensor")); name=blk.0"
        model.stub.publish(
            "library/tiny:1b",
            manifest: Self.manifest("{\"mediaType\":\"\(layer)\",\"digest\":\"\(Self.digest)\",\"size\":1}")
        )
        #expect(try await model.registry.manifest(of: OneModel.name).layers.map(\.role) == [.tensor])
    }

    @Test func `what the registry will not hand out is told in its own words`() async throws {
        let model = try OneModel()
        let answer = StubResponse.json("{\"error\":\"not a valid\\nquantization scheme\"}", status: 400)
        model.stub.inject(StubFault(.hub, .answer(answer)))
        let words = await fact { try await model.registry.manifest(of: OneModel.name) }
        #expect(words == "library/tiny:1b: not a valid quantization scheme")
    }

    @Test func `a registry that fails for a moment is asked again, and one that goes on is told`()
        async throws
    {
        let model = try OneModel()
        model.stub.inject(StubFault(.hub, .status(503)))
        _ = try await model.registry.manifest(of: OneModel.name)
        #expect(model.stub.requests.count == 2)
        model.stub.inject(StubFault(.hub, .status(502), times: 9))
        let words = await fact { try await model.registry.manifest(of: OneModel.name, tries: 2) }
        #expect(words == "status 502")
        #expect(model.stub.requests.count == 4)
    }

    @Test func `offline nothing is asked`() async throws {
        let stub = try StubRegistry()
        let hub = HubClient(endpoint: "http://127.0.0.1:1", token: nil, isOffline: true)
        let words = await fact { try await hub.registry(at: stub.endpoint).manifest(of: OneModel.name) }
        #expect(words == "offline")
        #expect(stub.requests.isEmpty)
    }
}

struct OllamaTokenTests {
    @Test func `a token that everybody gets is shown to the registry, and only to it`() async throws {
        let model = try OneModel()
        model.stub.settings.access = .anonymousToken
        _ = try await model.registry.manifest(of: OneModel.name)
        #expect(model.stub.requests.map(\.request.token) == [nil, nil, StubRegistry.token])
        let target = try #require(model.stub.requests.dropFirst().first).request.target
        #expect(target == "/token?service=stub%2C%20inc&scope=repository%3Ax%3Apull")
        let location = try await model.registry.locate(OneModel.weights.sha256, of: OneModel.name)
        #expect(location.headers.isEmpty)
        let next = try model.registry.redirected(from: location.url, to: "/elsewhere")
        #expect(next.headers.isEmpty)
    }

    @Test func `a registry that sends blobs itself is shown the token for them too`() async throws {
        let model = try OneModel()
        model.stub.settings.access = .anonymousToken
        model.stub.settings.usesStorage = false
        let location = try await model.registry.locate(OneModel.weights.sha256, of: OneModel.name)
        #expect(location.url.hasPrefix(model.stub.endpoint))
        #expect(location.headers.map(\.value) == ["Bearer \(StubRegistry.token)"])
    }

    @Test func `a login that takes a key is refused after one question`() async throws {
        let model = try OneModel()
        model.stub.settings.access = .login
        let words = await fact { try await model.registry.manifest(of: OneModel.name) }
        #expect(words == "library/tiny:1b: refused (it gives no token without a login)")
        #expect(model.stub.requests.count == 2)
    }

    @Test func `a token that is not accepted is not asked for again`() async throws {
        let model = try OneModel()
        model.stub.settings.access = .anonymousToken
        let useless = StubResponse.json("{\"token\":\"useless\"}")
        model.stub.inject(StubFault(.hub, .answer(useless), path: "/token"))
        let words = await fact { try await model.registry.manifest(of: OneModel.name) }
        #expect(words == "library/tiny:1b: refused (authentication required)")
        #expect(model.stub.requests.count == 3)
    }

    @Test(arguments: ["a\\nb", "", "a b", "é"])
    func `a token that no header can carry is none`(token: String) async throws {
        let model = try OneModel()
        model.stub.settings.access = .anonymousToken
        let answer = StubResponse.json("{\"token\":\"\(token)\"}")
        model.stub.inject(StubFault(.hub, .answer(answer), path: "/token"))
        let words = await fact { try await model.registry.manifest(of: OneModel.name) }
        #expect(words == "library/tiny:1b: refused (it gives no token without a login)")
    }

    @Test func `another address is not asked for a token`() async throws {
        let elsewhere = try StubServer { _ in .json("{\"token\":\"x\"}") }
        let model = try OneModel()
        model.stub.settings.access = .foreignLogin("\(elsewhere.url)/token")
        let words = await fact { try await model.registry.manifest(of: OneModel.name) }
        #expect(words == "library/tiny:1b: refused (it wants a login at another address)")
        #expect(elsewhere.requests.isEmpty)
    }

    @Test(arguments: ["Authentication required", "", "ftp://x/y"])
    func `a challenge without an address is a plain refusal`(realm: String) async throws {
        let model = try OneModel()
        model.stub.settings.access = .foreignLogin(realm)
        let words = await fact { try await model.registry.manifest(of: OneModel.name) }
        #expect(words == "library/tiny:1b: refused (authentication required)")
        #expect(model.stub.requests.count == 1)
    }
}
