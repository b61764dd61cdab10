import Glibc
import Mirror
import Platform
import SystemPackage
import TestSupport
import Testing

struct FolderSourceTests {
    private let folder: SampleFolder

    init() throws { folder = try SampleFolder() }

    private func link(_ target: String, as path: String) throws {
        let place = folder.directory.appending(path)
        try #require(place.withPlatformString { symlink(target, $0) } == 0)
    }

    @Test func `a link is served as far as it stays inside the root`() async throws {
        let outside = try TemporaryDirectory()
        try outside.write("secret", to: "secret.txt")
        try outside.write("secret", to: "org/model/secret.txt")
        try link("weights/model-q4_k_m.gguf", as: "org/model/inside.gguf")
        try link("\(outside.path)/secret.txt", as: "org/model/outside.txt")
        try link("../../../../../../../../etc/passwd", as: "org/model/passwd")
        try link("nowhere", as: "org/model/broken")
        try link("loop", as: "org/model/loop")
        try link("\(outside.path)/org/model", as: "org/elsewhere")
        try link("weights", as: "org/model/folder")
        try link("model", as: "org/same")
        try await withMirror(of: folder.source) { mirror async throws in
            #expect(try await mirror.ask("/org/model/resolve/main/inside.gguf").body == SampleFolder.weights)
            #expect(try await mirror.ask("/org/same/resolve/main/config.json").text == SampleFolder.config)
            let missing = [
                "model/resolve/main/outside.txt", "model/resolve/main/passwd", "model/resolve/main/broken",
                "model/resolve/main/loop", "model/resolve/main/folder/model-q4_k_m.gguf",
                "elsewhere/resolve/main/secret.txt",
            ]
            for path in missing {
                let answer = try await mirror.ask("/org/\(path)")
                #expect(answer.status == 404)
                #expect(!answer.text.contains("secret"))
            }
            let names = try await mirror.json(Info.self, "/api/models/org/model").siblings.map(\.rfilename)
            #expect(names.count == 5 && names.contains("inside.gguf"))
        }
    }

    @Test func `a root beside the one that is served is outside`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("public", to: "root/org/model/a.txt")
        try directory.write("secret", to: "root-private/org/model/b.txt")
        let place = directory.appending("root/org/other")
        try #require(place.withPlatformString { symlink("../../root-private/org/model", $0) } == 0)
        try await withMirror(of: .folder(directory.appending("root"))) { mirror async throws in
            #expect(try await mirror.ask("/org/model/resolve/main/a.txt").text == "public")
            #expect(try await mirror.ask("/org/other/resolve/main/b.txt").status == 404)
        }
    }

    @Test func `hidden names and what is no file are not served`() async throws {
        try folder.directory.write("x", to: "org/model/.git/config")
        try folder.directory.write("x", to: "org/model/.gitattributes")
        try folder.directory.write("x", to: ".stackctl/partial/data")
        try folder.directory.write("x", to: "org/.hidden/a")
        let pipe = folder.directory.appending("org/model/pipe")
        try #require(pipe.withPlatformString { mkfifo($0, 0o600) } == 0)
        try await withMirror(of: folder.source) { mirror async throws in
            for path in [
                "/org/model/resolve/main/.git/config", "/org/model/resolve/main/.gitattributes",
                "/.stackctl/partial/resolve/main/data", "/org/.hidden/resolve/main/a",
                "/org/model/resolve/main/pipe",
            ] {
                #expect(try await mirror.ask(path).status == 404)
            }
            #expect(try await mirror.json(Info.self, "/api/models/org/model").siblings.count == 4)
        }
    }

    @Test func `another content is another commit, and the same content the same`() async throws {
        let original = folder.directory.appending("org/model/config.json")
        try await withMirror(of: folder.source) { mirror async throws in
            func commit() async throws -> String {
                try await mirror.json(Info.self, "/api/models/org/model").sha
            }
            let first = try await commit()
            #expect(try await commit() == first)
            try FileSystem.write(Array("{}".utf8), to: original)
            let second = try await commit()
            #expect(second != first)
            let old = try await mirror.ask("/org/model/resolve/\(first)/config.json")
            #expect(old.headers["x-error-code"] == "RevisionNotFound")
            #expect(try await mirror.ask("/org/model/resolve/\(second)/config.json").text == "{}")
            try FileSystem.write(Array(SampleFolder.config.utf8), to: original)
            #expect(try await commit() == first)
            try FileSystem.rename(original, to: folder.directory.appending("org/model/config2.json"))
            #expect(try await commit() != first)
        }
        let copy = try SampleFolder()
        let commits = try await [folder, copy].asyncMap { folder in
            try FileSystem.remove(folder.directory.appending("org/model/config2.json"))
            try folder.directory.write(SampleFolder.config, to: "org/model/config.json")
            return try await withMirror(of: folder.source) {
                try await $0.json(Info.self, "/api/models/org/model").sha
            }
        }
        #expect(commits[0] == commits[1])
    }

    @Test(arguments: ["GGUF", "safetensors", "bin", "pt", "onnx", "model"])
    func `what holds weights counts as large, however small`(_ ending: String) async throws {
        try folder.directory.write("tiny", to: "org/model/x.\(ending)")
        try await withMirror(of: folder.source) { mirror async throws in
            let answer = try await mirror.ask("HEAD", "/org/model/resolve/main/x.\(ending)")
            #expect(answer.headers["etag"] == "\"\(Digest.of(Array("tiny".utf8)).hex)\"")
        }
    }

    @Test func `what is longer than ten mebibytes counts as large, whatever its name`() async throws {
        let limit: Int64 = 10 * 1024 * 1024
        for (name, size) in [("at.txt", limit), ("over.txt", limit + 1)] {
            try File(folder.directory.appending("org/model/\(name)"), .create).truncate(to: ByteCount(size))
        }
        try await withMirror(of: folder.source) { mirror async throws in
            let at = try await mirror.ask("HEAD", "/org/model/resolve/main/at.txt")
            let over = try await mirror.ask("HEAD", "/org/model/resolve/main/over.txt")
            #expect(at.headers["etag"]?.count == 42)
            #expect(over.headers["etag"]?.count == 66)
            #expect(over.headers["x-linked-size"] == "\(limit + 1)")
        }
    }

    @Test func `many clients at once wait for the same hashes`() async throws {
        try await withMirror(of: folder.source) { mirror async throws in
            let commits = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        try await mirror.ask("HEAD", "/org/model/resolve/main/config.json").headers[
                            "x-repo-commit"
                        ]
                    }
                }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(commits.count == 1 && !commits.contains(nil))
        }
    }
}

extension Array {
    fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
