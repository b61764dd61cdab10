import Hub
import Platform
import SystemPackage
import TestSupport
import Testing

struct TokenTests {
    static let secret = "hf_abcdefghijklmnopqrstuvwxyz"

    /// A home with a token in every place where one may be.
    private func home() throws -> TemporaryDirectory {
        let home = try TemporaryDirectory()
        for place in ["explicit", "hf/token", "cache/huggingface/token", ".cache/huggingface/token"] {
            try home.write("\(Self.secret)\n", to: place)
        }
        return home
    }

    @Test func `a token is looked for in the order of the ecosystem's other tools`() throws {
        let home = try home()
        var variables = [
            "HF_TOKEN": "one", "HUGGING_FACE_HUB_TOKEN": "two",
            "HF_TOKEN_PATH": home.appending("explicit").string,
            "HF_HOME": home.appending("hf").string, "XDG_CACHE_HOME": home.appending("cache").string,
            "HOME": home.path.string,
        ]
        let expected: [(String, Token.Origin)] = [
            ("HF_TOKEN", .environment("HF_TOKEN")),
            ("HUGGING_FACE_HUB_TOKEN", .environment("HUGGING_FACE_HUB_TOKEN")),
            ("HF_TOKEN_PATH", .file(home.appending("explicit"))),
            ("HF_HOME", .file(home.appending("hf/token"))),
            ("XDG_CACHE_HOME", .file(home.appending("cache/huggingface/token"))),
            ("HOME", .file(home.appending(".cache/huggingface/token"))),
        ]
        for (variable, origin) in expected {
            #expect(Token.find(in: Environment(variables))?.origin == origin)
            variables[variable] = nil
        }
        #expect(Token.find(in: Environment(variables)) == nil)
    }

    @Test func `an empty variable counts as none`() throws {
        let environment: Environment = [
            "HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": " \n", "HF_HOME": "/nonexistent",
        ]
        #expect(Token.find(in: environment) == nil)
    }

    @Test(arguments: ["1", "true", "YES", "on"])
    func `a file's token is left alone where the user says so, a variable's is not`(yes: String) throws {
        let home = try home()
        var variables = ["HOME": home.path.string, "HF_HUB_DISABLE_IMPLICIT_TOKEN": yes]
        #expect(Token.find(in: Environment(variables)) == nil)
        variables["HF_TOKEN"] = Self.secret
        #expect(Token.find(in: Environment(variables)) != nil)
    }

    @Test(arguments: ["hf_\u{e9}", "hf_\u{0}x", "\u{7f}"])
    func `what cannot stand in a header field is no token`(text: String) {
        #expect(Token.find(in: ["HF_TOKEN": text]) == nil)
    }

    @Test func `a token file that cannot be read is no token`() throws {
        let home = try TemporaryDirectory()
        try home.write([UInt8](repeating: 65, count: 70_000), to: "large")
        try FileSystem.createDirectory(home.appending("folder"))
        for name in ["large", "folder", "missing"] {
            #expect(Token.find(in: ["HF_TOKEN_PATH": home.appending(name).string]) == nil)
        }
    }

    @Test func `blanks and line ends around a token are not part of it`() async throws {
        let hub = try StubHub([StubRepository("org/model", files: [:], access: .restricted)])
        let client = HubClient(hub.endpoint, token: " \(StubHub.grantedToken)\r\n")
        let id = try #require(RepositoryID("org/model"))
        _ = try await client.revision("main", of: id)
        #expect(hub.tokensSeen == [StubHub.grantedToken])
    }

    @Test func `no way to print a token shows it`() throws {
        let token = try #require(Token.find(in: ["HF_TOKEN": Self.secret]))
        let client = HubClient(endpoint: "https://huggingface.co", token: token)
        var dumped = ""
        dump(token, to: &dumped)
        dump(client, to: &dumped)
        dump([Optional(token)], to: &dumped)
        let texts = [
            "\(token)", String(reflecting: token), String(describing: Optional(token)), "\([token])",
            "\(client)",
            String(reflecting: client), dumped,
        ]
        for text in texts { #expect(!text.contains("abcdef"), "\(text)") }
    }
}
