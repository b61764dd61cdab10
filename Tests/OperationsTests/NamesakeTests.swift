import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// Models that go by one name, or by names that are hard to tell apart: none takes another one's place, or goes with it.
struct NamesakeTests {
    private func home() throws -> TestHome {
        try TestHome(
            StubRepository("org/one", files: ["m-Q8_0.gguf": try smallGGUF(1)]),
            StubRepository("org/two", files: ["m-Q8_0.gguf": try smallGGUF(2)])
        )
    }

    private func file(_ name: String, _ number: UInt32, _ home: TestHome) throws -> String {
        try home.directory.write(smallGGUF(number).all, to: name).string
    }

    @Test(arguments: ["org/two", "a file", "a conversion"])
    func `a pull replaces nothing that came from elsewhere, unless by force`(former: String) async throws {
        let home = try home()
        switch former {
        case "org/two": try await home.pull(former) { $0.name = "mine" }
        case "a file": try await home.pull(try file("m-Q8_0.gguf", 3, home)) { $0.name = "mine" }
        default: try await home.convert(try home.sampleFolder().string, "q8_0") { $0.name = "mine" }
        }
        let before = try home.manifest("mine/gguf/q8_0")
        let refused = try await home.failedPull("org/one") { $0.name = "mine" }
        #expect(refused.kind == .conflict && refused.message.contains("stored already"))
        #expect(refused.hint == "add `--force` to replace it, or `--as NAME`")
        let planned = await failure {
            var options = PullOptions()
            options.name = "mine"
            return try await Pull(try home.reference("org/one"), options).plan(in: home.workspace()) { _ in }
        }
        #expect(planned?.message == refused.message)
        #expect(try home.manifest("mine/gguf/q8_0") == before)
        try await home.pull("org/one") { ($0.name, $0.force) = ("mine", true) }
        #expect(try home.manifest("mine/gguf/q8_0").source.repository == "org/one")
        home.hub.publish(StubRepository("org/one", files: ["m-Q8_0.gguf": try smallGGUF(4)]))
        #expect(try await !home.pull("org/one") { $0.name = "mine" }.wasThere)
    }

    @Test func `what only its header tells to be in another one's place is refused too`() async throws {
        let home = try home()
        for (name, number) in [("org/a", 5), ("org/b", 6)] as [(String, UInt32)] {
            home.hub.publish(StubRepository(name, files: ["m.gguf": try smallGGUF(number)]))
        }
        try await home.pull("org/a") { $0.name = "mine" }
        #expect(try await home.failedPull("org/b") { $0.name = "mine" }.kind == .conflict)
    }

    @Test func `a name that is also another model's with its quantization means neither`() async throws {
        let home = try home()
        try await home.pull("org/one") { $0.name = "tiny" }
        try await home.pull(try file("tiny-q8_0.gguf", 3, home))
        let (workspace, word) = (home.workspace(), try home.reference("tiny-q8_0"))
        let failures = [
            await failure { try await Remove([word]).plan(in: workspace) { _ in } },
            await failure { try await Show(word).run(in: workspace) },
            await failure { try await Launch(word).run(in: workspace) { _ in } },
            await failure { try await Verify([word]).run(in: workspace) { _ in } },
        ]
        for failure in failures {
            #expect(failure?.kind == .conflict)
            #expect(
                failure?.hint
                    == "type `tiny-q8_0:latest` for the one, `tiny:latest-q8_0` for the other"
            )
        }
        #expect(
            try await Show(try home.reference("tiny-q8_0:latest")).run(in: workspace).model == "tiny-q8_0"
        )
        let other = Remove([try home.reference("tiny:latest-q8_0")])
        #expect(try await other.plan(in: workspace) { _ in }.items.map(\.model) == ["tiny"])
        try other.run(await other.plan(in: workspace) { _ in })
        #expect(try await Show(word).run(in: workspace).model == "tiny-q8_0")
    }

    @Test func `a name that differs in the case of letters only is not given, and goes by itself`()
        async throws
    {
        let home = try home()
        try await home.pull("org/one") { $0.name = "foo" }
        let imported = try file("m-Q8_0.gguf", 3, home)
        let failures = [
            try await home.failedPull("org/two") { $0.name = "Foo" },
            try await home.failedPull(imported) { $0.name = "Foo" },
            try await home.failedConversion(home.sampleFolder().string, "q4_0") { $0.name = "Foo" },
        ]
        for failure in failures {
            #expect(failure.kind == .conflict && failure.hint?.contains("`foo`") == true)
        }
        let (folder, aside) = (home.volume().appending("foo"), home.directory.appending("aside"))
        try FileSystem.rename(folder, to: aside)
        try await home.pull(imported) { $0.name = "Foo" }
        try FileSystem.rename(aside, to: folder)
        for name in ["foo", "Foo", "Foo-q8_0"] {
            let plan = try await Remove([try home.reference(name)]).plan(in: home.workspace()) { _ in }
            #expect(plan.items.map(\.model) == [String(name.prefix(3))])
        }
        let neither = await failure {
            try await Remove([try home.reference("FOO")]).plan(in: home.workspace()) { _ in }
        }
        #expect(neither?.kind == .conflict && neither?.message.contains("`Foo` and `foo`") == true)
    }
}
