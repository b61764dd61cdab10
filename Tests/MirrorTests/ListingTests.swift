import Mirror
import Platform
import TestSupport
import Testing

struct ListingTests {
    private let folder: SampleFolder

    init() throws { folder = try SampleFolder() }

    private let tree = "/api/models/org/model/tree/main"

    @Test func `the information of a model has what clients insist on`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            for path in ["/api/models/org/model", "/api/models/org/model/revision/main?expand=sha"] {
                let info = try await mirror.json(Info.self, path)
                #expect(info.id == "org/model")
                #expect(info.sha.count == 40)
                #expect(!info.private && !info.gated && !info.disabled)
                #expect(info.lastModified.hasSuffix("Z") && info.lastModified.contains("."))
                #expect(
                    info.siblings.map(\.rfilename) == [
                        "config.json", "empty.txt", "weights/a b%#ü.txt", "weights/model-q4_k_m.gguf",
                    ]
                )
                #expect(info.siblings.allSatisfy { $0.size == nil && $0.blobId == nil })
            }
        }
    }

    @Test func `with blobs, sizes and hashes are said too`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let siblings = try await mirror.json(Info.self, "/api/models/org/model?blobs=true").siblings
            let large = try #require(siblings.last)
            #expect(large.lfs?.sha256 == Digest.of(SampleFolder.weights).hex)
            #expect(large.lfs?.size == 100_000 && large.size == 100_000)
            #expect(siblings[0].lfs == nil)
            #expect(siblings[0].blobId == "5a173f32eeda27116011dd50549d0ebc08e5e926")
        }
    }

    @Test func `a tree lists files and folders, with large files named as their ETag is`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let items = try await mirror.json([TreeItem].self, tree + "?recursive=true&expand=false")
            #expect(
                items.map(\.path) == [
                    "config.json", "empty.txt", "weights", "weights/a b%#ü.txt", "weights/model-q4_k_m.gguf",
                ]
            )
            #expect(items.map(\.type) == ["file", "file", "directory", "file", "file"])
            let large = try #require(items.last)
            let digest = Digest.of(SampleFolder.weights).hex
            let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:\(digest)\nsize 100000\n"
            #expect(large.lfs == .init(oid: digest, size: 100_000, pointerSize: pointer.utf8.count))
            let blob = Digest.of(Array("blob \(pointer.utf8.count)\0\(pointer)".utf8), .sha1)
            #expect(large.oid == blob.hex)
            #expect(
                items[1]
                    == TreeItem(
                        type: "file",
                        oid: "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
                        size: 0,
                        path: "empty.txt",
                        lfs: nil
                    )
            )
            #expect(try await mirror.ask(tree + "?recursive=true").headers["link"] == nil)
        }
    }

    @Test func `without recursion a folder shows what lies in it`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let top = try await mirror.json([TreeItem].self, tree)
            #expect(top.map(\.path) == ["config.json", "empty.txt", "weights"])
            let below = try await mirror.json([TreeItem].self, tree + "/weights")
            #expect(below.map(\.path) == ["weights/a b%#ü.txt", "weights/model-q4_k_m.gguf"])
            for missing in ["nothing", "weight", "config.json", "weights%2Fnothing"] {
                let answer = try await mirror.ask(tree + "/\(missing)")
                #expect(answer.status == 404)
                #expect(answer.headers["x-error-code"] == "EntryNotFound")
                #expect(answer.headers["x-repo-commit"]?.count == 40)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 5, 100])
    func `pages lead to the end on the host that was asked`(_ limit: Int) async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            var paths: [String] = []
            var target: String? = "\(tree)?recursive=true&limit=\(limit)"
            var pages = 0
            while let asked = target, pages < 10 {
                pages += 1
                let answer = try await mirror.ask(asked)
                let items = try JSON.decode([TreeItem].self, from: answer.body)
                #expect(items.count <= limit)
                paths += items.map(\.path)
                guard let link = answer.headers["link"] else { break }
                #expect(
                    link.hasPrefix("<http://127.0.0.1:\(mirror.port)/api/")
                        && link.hasSuffix(">; rel=\"next\"")
                )
                target =
                    "/"
                    + (link.dropFirst().split(separator: ">")[0].split(separator: "/", maxSplits: 2).last
                        ?? "")
            }
            #expect(pages == (5 + limit - 1) / limit)
            #expect(
                paths == [
                    "config.json", "empty.txt", "weights", "weights/a b%#ü.txt", "weights/model-q4_k_m.gguf",
                ]
            )
        }
    }

    @Test func `the pages of a folder stay in it`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let answer = try await mirror.ask(
                tree + "/weights?limit=1",
                headers: ["X-Forwarded-Proto": "https"]
            )
            let link = try #require(answer.headers["link"])
            #expect(link.hasPrefix("<https://127.0.0.1:"))
            #expect(link.contains("/weights?recursive=false&limit=1&cursor=weights%2Fa%20b%25%23%C3%BC.txt>"))
        }
    }

    @Test(arguments: ["0", "-1", "x", ""])
    func `a limit that is none is refused`(_ limit: String) async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            #expect(try await mirror.ask(tree + "?limit=\(limit)").status == 400)
        }
    }

    @Test(arguments: ["evil\"><script>", "a b", "x/../y", "user@host", "host#"])
    func `a host that is no host does not get into a link`(_ host: String) async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let answer = try await mirror.ask(tree + "?limit=1", headers: ["Host": host])
            #expect(answer.headers["link"] == nil)
        }
    }

    @Test func `the branches lead to the commit`() async throws {
        struct References: Decodable, Sendable {
            struct Branch: Decodable, Sendable { let name, ref, targetCommit: String }
            let branches: [Branch]
            let tags, converts: [Branch]
        }
        try await withMirror(of: folder.source) { mirror async throws in
            let branches = try await mirror.json(References.self, "/api/models/org/model/refs").branches
            #expect(branches.map(\.name) == ["main"])
            #expect(branches.map(\.ref) == ["refs/heads/main"])
            #expect(
                branches.first?.targetCommit
                    == (try await mirror.json(Info.self, "/api/models/org/model").sha)
            )
        }
    }

    @Test(arguments: [
        (
            "application/x-www-form-urlencoded",
            "paths=config.json&paths=weights%2Fa+b%25%23%C3%BC.txt&paths=no&expand=False"
        ),
        ("application/json", #"{"paths":["config.json","weights/a b%#ü.txt","no"],"expand":false}"#),
        ("Application/JSON; charset=utf-8", #"{"paths":["config.json","weights/a b%#ü.txt"]}"#),
    ])
    func `paths are looked up, and unknown ones left out`(_ type: String, _ body: String) async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let target = "/api/models/org/model/paths-info/main"
            let answer = try await mirror.ask(
                "POST",
                target,
                headers: ["Content-Type": type],
                body: Array(body.utf8)
            )
            #expect(answer.status == 200)
            let items = try JSON.decode([TreeItem].self, from: answer.body)
            #expect(items.map(\.path) == ["config.json", "weights/a b%#ü.txt"])
        }
    }

    @Test func `one path and a folder are looked up too`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let target = "/api/models/org/model/paths-info/main"
            let body = Array(#"{"paths":"weights"}"#.utf8)
            let headers: StubHeaders = ["Content-Type": "application/json"]
            let answer = try await mirror.ask("POST", target, headers: headers, body: body)
            #expect(try JSON.decode([TreeItem].self, from: answer.body).map(\.type) == ["directory"])
            #expect(
                try await mirror.ask("POST", target, headers: headers, body: Array("{".utf8)).status == 400
            )
            let long = [UInt8](repeating: UInt8(ascii: "a"), count: 5 << 20)
            #expect(try await mirror.ask("POST", target, headers: headers, body: long).status == 413)
        }
    }
}
