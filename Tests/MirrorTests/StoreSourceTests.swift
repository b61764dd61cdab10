import Mirror
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

struct StoreSourceTests {
    private let sample: SampleStore
    private let older = String(repeating: "a1", count: 20)
    private let newer = String(repeating: "b2", count: 20)

    init() throws { sample = try SampleStore() }

    @Test func `the quantizations of a commit are one repository with the hub's own hashes`() async throws {
        try sample.add(
            quant: "q4_k_m",
            revision: older,
            large: ["a-q4.gguf": [1, 2]],
            small: ["config.json": [3]]
        )
        try sample.add(quant: "q8_0", revision: older, large: ["a-q8.gguf": [4]], small: ["config.json": [3]])
        try await withMirror(of: sample.source) { mirror async throws in
            let items = try await mirror.json([TreeItem].self, "/api/models/org/model/tree/main")
            #expect(items.map(\.path) == ["a-q4.gguf", "a-q8.gguf", "config.json"])
            #expect(items[0].lfs?.oid == Digest.of([1, 2]).hex)
            #expect(items[2].lfs == nil)
            let file = try await mirror.ask("/org/model/resolve/main/a-q4.gguf")
            #expect(file.body == [1, 2])
            #expect(file.headers["x-repo-commit"] == older)
            #expect(file.headers["etag"] == "\"\(Digest.of([1, 2]).hex)\"")
            let small = try await mirror.ask("/org/model/resolve/\(older)/config.json")
            #expect(small.headers["etag"] == "\"\(items[2].oid)\"")
        }
    }

    @Test func `what was made here is no file of the repository`() async throws {
        let conversion = Manifest.Conversion(
            engine: "native",
            format: "gguf",
            quant: "q8_0",
            options: [],
            importance: nil,
            files: []
        )
        try sample.add(quant: "q8_0", revision: older, large: ["a-q8.gguf": [4]])
        try sample.add(quant: "q4_k_m", revision: older, conversion: conversion, large: ["a-q4.gguf": [1]])
        try await withMirror(of: sample.source) { mirror async throws in
            let items = try await mirror.json([TreeItem].self, "/api/models/org/model/tree/main")
            #expect(items.map(\.path) == ["a-q8.gguf"])
        }
    }

    @Test func `commits are revisions, and main is the one pulled last`() async throws {
        try sample.add(
            quant: "q4_k_m",
            revision: newer,
            requested: "v2",
            pulledAt: 1_700_000_000,
            large: ["a": [2]]
        )
        try sample.add(
            quant: "q8_0",
            revision: older,
            requested: "main",
            pulledAt: 1_600_000_000,
            large: ["a": [1]]
        )
        try await withMirror(of: sample.source) { mirror async throws in
            func content(_ revision: String) async throws -> [UInt8] {
                try await mirror.ask("/org/model/resolve/\(revision)/a").body
            }
            #expect(try await content("main") == [2])
            #expect(try await content("v2") == [2])
            #expect(try await content(older) == [1])
            #expect(try await content(String(newer.prefix(8))) == [2])
            #expect(
                try await mirror.ask("/org/model/resolve/v1/a").headers["x-error-code"] == "RevisionNotFound"
            )
            let references = try await mirror.ask("/api/models/org/model/refs").text
            #expect(references.contains(#""name":"main","ref":"refs/heads/main","targetCommit":"\#(newer)""#))
            #expect(references.contains(#""name":"v2""#))
        }
    }

    @Test func `a file is served under the path that it has in the repository`() async throws {
        try sample.add(
            quant: "q4_k_m",
            revision: older,
            large: ["a.gguf": [1], "b.gguf": [2]],
            sourcePaths: ["a.gguf": "Q4_K_M/a.gguf", "b.gguf": "../escape"]
        )
        try await withMirror(of: sample.source) { mirror async throws in
            let items = try await mirror.json([TreeItem].self, "/api/models/org/model/tree/main?recursive=1")
            #expect(items.map(\.path) == ["Q4_K_M", "Q4_K_M/a.gguf"])
            #expect(try await mirror.ask("/org/model/resolve/main/Q4_K_M/a.gguf").body == [1])
            #expect(try await mirror.ask("/org/model/resolve/main/a.gguf").status == 404)
        }
    }

    @Test func `what did not come from a hub is not served`() async throws {
        try sample.add(
            "imported",
            quant: "q4_k_m",
            repository: "org/local",
            revision: nil,
            kind: .local,
            large: ["a": [1]]
        )
        try sample.add("no-commit", quant: "q4_k_m", repository: "org/none", revision: nil, large: ["a": [1]])
        try sample.add(
            "strange",
            quant: "q4_k_m",
            repository: "org/strange",
            revision: "main",
            large: ["a": [1]]
        )
        try await withMirror(of: sample.source) { mirror async throws in
            for name in ["local", "none", "strange"] {
                #expect(
                    try await mirror.ask("/api/models/org/\(name)").headers["x-error-code"] == "RepoNotFound"
                )
            }
            #expect(try await mirror.ask("/llama3/gguf/resolve/main/manifest.json").status == 404)
        }
    }

    @Test func `a model is there once it is stored, and gone once it is removed`() async throws {
        try await withMirror(of: sample.source) { mirror async throws in
            #expect(try await mirror.ask("/api/models/org/model").status == 404)
            try sample.add(quant: "q4_k_m", revision: older, large: ["a": [1]])
            #expect(try await mirror.ask("/org/model/resolve/main/a").body == [1])
            for model in try sample.store.models().models { try sample.store.remove(model) }
            #expect(try await mirror.ask("/api/models/org/model").status == 404)
        }
    }

    @Test func `a damaged manifest does not hide the other models`() async throws {
        try sample.add(quant: "q4_k_m", revision: older, large: ["a": [1]])
        try sample.directory.write("{", to: "models/broken/gguf/q4_k_m/manifest.json")
        try await withMirror(of: sample.source) { mirror async throws in
            #expect(try await mirror.ask("/org/model/resolve/main/a").body == [1])
        }
    }

    @Test func `bytes that are not the manifest's are not served`() async throws {
        try sample.add(quant: "q4_k_m", revision: older, large: ["cut": [1, 2, 3], "gone": [1]])
        let folder = sample.directory.appending("models/llama3-8b/gguf/q4_k_m")
        let exchanges = try await exchanges(MirrorConfiguration(of: sample.source)) { mirror async throws in
            try File(folder.appending("cut"), .update).truncate(to: 2)
            try FileSystem.remove(folder.appending("gone"))
            let cut = try await mirror.ask("/org/model/resolve/main/cut")
            #expect(cut.status == 500)
            #expect(!cut.text.contains("models/"))
            #expect(
                try await mirror.ask("/org/model/resolve/main/gone").headers["x-error-code"]
                    == "EntryNotFound"
            )
        }
        #expect(exchanges.first?.problem?.contains("has changed") == true)
    }

    @Test func `of several sources the first that has a repository serves it`() async throws {
        let folder = try SampleFolder()
        try sample.add(quant: "q4_k_m", revision: older, large: ["a": [1]])
        try sample.add("b", quant: "q4_k_m", repository: "org/other", revision: older, large: ["a": [2]])
        let configuration = MirrorConfiguration(of: sample.source, folder.source)
        try await withMirror(configuration) { mirror async throws in
            #expect(try await mirror.ask("/org/model/resolve/main/a").body == [1])
            #expect(try await mirror.ask("/org/model/resolve/main/config.json").status == 404)
            #expect(try await mirror.ask("/org/other/resolve/main/a").body == [2])
        }
    }
}
