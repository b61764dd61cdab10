import Glibc
import Mirror
import Platform
import SystemPackage
import TestSupport
import Testing

struct RefusalTests {
    private let folder: SampleFolder

    init() throws { folder = try SampleFolder() }

    struct Missing: Sendable, CustomTestStringConvertible {
        let target: String
        let code: String?
        var testDescription: String { "\(target) is \(code ?? "nothing")" }
    }

    @Test(arguments: [
        Missing(target: "/org/none/resolve/main/config.json", code: "RepoNotFound"),
        Missing(target: "/none/model/resolve/main/config.json", code: "RepoNotFound"),
        Missing(target: "/api/models/org/none", code: "RepoNotFound"),
        Missing(target: "/api/models/org/none/tree/main?recursive=true", code: "RepoNotFound"),
        Missing(target: "/api/models/org/none/refs", code: "RepoNotFound"),
        Missing(target: "/api/models/org/none/auth-check", code: "RepoNotFound"),
        Missing(target: "/api/models/../model", code: "RepoNotFound"),
        Missing(target: "/api/models/org/%2E%2E", code: "RepoNotFound"),
        Missing(target: "/api/models/org/model%2F..", code: "RepoNotFound"),
        Missing(target: "/api/models/.stackctl/partial", code: "RepoNotFound"),
        Missing(target: "/api/models/org/model/revision/none", code: "RevisionNotFound"),
        Missing(target: "/api/models/org/model/tree/refs%2Fpr%2F1", code: "RevisionNotFound"),
        Missing(target: "/org/model/resolve/main/none", code: "EntryNotFound"),
        Missing(target: "/org/model/resolve/main/weights", code: "EntryNotFound"),
        Missing(target: "/org/model/resolve/main/", code: "EntryNotFound"),
        Missing(target: "/org/model/resolve/main/config.json/", code: "EntryNotFound"),
        Missing(target: "/org/model/resolve/main//config.json", code: "EntryNotFound"),
        Missing(target: "/org/model/resolve/main/weights/../config.json", code: "EntryNotFound"),
        Missing(target: "/org/model/resolve/main/..%2Fmodel%2Fconfig.json", code: "EntryNotFound"),
        Missing(target: "/org/model/resolve/main/%2e%2e/%2e%2e/%2e%2e/etc/passwd", code: "EntryNotFound"),
        Missing(target: "/org/model/resolve/main/config.json%00", code: "EntryNotFound"),
        Missing(target: "/org/model/resolve/main/%5Cconfig.json", code: "EntryNotFound"),
        Missing(target: "/org/model/resolve/main/%FF%FE", code: nil),
        Missing(target: "/org/model/resolve/main/%zz", code: nil),
        Missing(target: "/org/model/resolve/main", code: nil),
        Missing(target: "/datasets/org/model/resolve/main/config.json", code: nil),
        Missing(target: "/api/agent-harnesses", code: nil),
        Missing(target: "/api/telemetry/x", code: nil),
        Missing(target: "/api/models", code: nil),
        Missing(target: "/api/models/org/model/xet-read-token/main", code: nil),
        Missing(target: "/", code: nil),
        Missing(target: "//", code: nil),
        Missing(target: "*", code: nil),
    ])
    func `what is not there is 404 with the hub's code`(_ missing: Missing) async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let answer = try await mirror.ask(missing.target)
            #expect(answer.status == 404)
            #expect(answer.headers["x-error-code"] == missing.code)
            #expect(answer.headers["x-error-message"] != nil)
            #expect((answer.headers["x-repo-commit"] != nil) == (missing.code == "EntryNotFound"))
            struct Body: Decodable { let error: String }
            #expect(try JSON.decode(Body.self, from: answer.body).error == answer.headers["x-error-message"])
        }
    }

    @Test func `what is written in the URL does not become a field of the answer`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let answer = try await mirror.ask("/api/models/org/model/revision/x%0d%0aX-Evil:%20y%C3%BC")
            #expect(answer.status == 404)
            #expect(answer.headers["x-evil"] == nil)
            #expect(answer.headers["x-error-message"]?.allSatisfy(\.isASCII) == true)
        }
    }

    @Test func `there is nobody to be, but a repository may be read`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let nobody = try await mirror.ask("/api/whoami-v2")
            #expect(nobody.status == 401)
            #expect(nobody.headers["www-authenticate"]?.hasPrefix("Bearer ") == true)
            #expect(try await mirror.ask("/api/models/org/model/auth-check").status == 200)
        }
    }

    @Test(arguments: [
        ("POST", "/org/model/resolve/main/config.json"), ("DELETE", "/api/models/org/model"),
        ("PUT", "/api/models/org/model/tree/main"), ("GET", "/api/models/org/model/paths-info/main"),
    ])
    func `nothing can be changed`(_ method: String, _ target: String) async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let answer = try await mirror.ask(method, target)
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] != nil)
        }
    }

    @Test func `with a token nothing is answered without it`() async throws {
        let configuration = MirrorConfiguration(of: folder.source, token: "hf_right")
        let exchanges = try await exchanges(configuration) { mirror async throws in
            for target in [
                "/org/model/resolve/main/config.json", "/api/models/org/model", "/api/whoami-v2", "/",
            ] {
                let wrong: [StubHeaders] = [
                    [:], ["Authorization": "Bearer hf_wrong"], ["Authorization": "Bearer hf_righ"],
                    ["Authorization": "Bearer hf_right2"], ["Authorization": "Bearer"],
                    ["Authorization": "hf_right"],
                    ["Authorization": "Basic hf_right"], ["Authorization": "Bearer "],
                ]
                for headers in wrong {
                    let answer = try await mirror.ask(target, headers: headers)
                    #expect(answer.status == 401)
                    #expect(answer.headers["www-authenticate"]?.hasPrefix("Bearer ") == true)
                    #expect(answer.headers["x-repo-commit"] == nil)
                    #expect(!answer.text.contains("hf_"))
                }
            }
            for scheme in ["Bearer", "bearer"] {
                let headers: StubHeaders = ["Authorization": "\(scheme) hf_right"]
                let answer = try await mirror.ask("/org/model/resolve/main/config.json", headers: headers)
                #expect(answer.text == SampleFolder.config)
            }
        }
        #expect(exchanges.count == 34)
        #expect(!exchanges.contains { "\($0)".contains("hf_") })
    }

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.1", "mirror.example.org"])
    func `other hosts are not served by mistake`(_ host: String) async throws {
        let address = ListenAddress(host: host, port: 0)
        let server = MirrorServer(MirrorConfiguration(address: address, sources: [folder.source]))
        await #expect {
            try await server.run { _ in Issue.record("it listens") }
        } throws: { error in
            guard case .exposedWithoutToken(address) = error as? MirrorError else { return false }
            return true
        }
    }

    @Test func `an empty token is none`() async throws {
        let server = MirrorServer(MirrorConfiguration(token: "", sources: [folder.source]))
        await #expect {
            try await server.run()
        } throws: { error in
            guard case .emptyToken = error as? MirrorError else { return false }
            return true
        }
    }

    @Test func `a folder that is none is a fact before anything listens`() async throws {
        let path = folder.directory.appending("org/model/config.json")
        let server = MirrorServer(MirrorConfiguration(sources: [.folder(path)]))
        await #expect {
            try await server.run { _ in Issue.record("it listens") }
        } throws: { error in
            guard case .notADirectory(path) = error as? MirrorError else { return false }
            return true
        }
    }

    @Test func `an address in use is a fact`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let address = ListenAddress(host: "127.0.0.1", port: Int(mirror.port))
            let second = MirrorServer(MirrorConfiguration(address: address, sources: [folder.source]))
            await #expect {
                try await second.run { _ in Issue.record("it listens") }
            } throws: { error in
                guard case .cannotListen(address, "Address already in use") = error as? MirrorError else {
                    return false
                }
                return true
            }
        }
    }
}
