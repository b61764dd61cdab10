import Catalog
import Platform
import SystemPackage
import TestSupport
import Testing

struct HomeTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// A working directory with a home two folders above it.
    private func project() throws -> FilePath {
        try folder.write("engine: vllm\n", to: "project/stacks/a/stack.yaml")
        try folder.write("", to: "project/deep/er/file")
        return folder.appending("project/deep/er")
    }

    private func locate(_ flag: String? = nil, _ environment: Environment, in directory: FilePath) -> (
        String, Home.Origin
    ) {
        let home = Home.locate(flag: flag, environment: environment, workingDirectory: directory)
        return (home.path.string, home.origin)
    }

    // MARK: Where it is

    @Test func `the flag wins, then the environment, then a parent, then the user's data`() throws {
        let directory = try project()
        let project = folder.appending("project").string
        let all: Environment = ["STACKCTL_HOME": "/env", "HOME": "/home/ada"]
        #expect(locate("/flag", all, in: directory) == ("/flag", .flag))
        #expect(locate(nil, all, in: directory) == ("/env", .environment))
        #expect(locate(nil, ["HOME": "/home/ada"], in: directory) == (project, .parent))
        #expect(
            locate(nil, ["HOME": "/home/ada"], in: folder.path) == ("/home/ada/.local/share/stackctl", .user)
        )
    }

    @Test func `relative ways start from the working directory, and a tilde is the user's`() {
        #expect(locate("x/../y", [:], in: "/w") == ("/w/y", .flag))
        #expect(locate(".", [:], in: "/w/z") == ("/w/z", .flag))
        #expect(locate(nil, ["STACKCTL_HOME": "h"], in: "/w") == ("/w/h", .environment))
        #expect(
            locate(nil, ["STACKCTL_HOME": "~/h", "HOME": "/home/ada"], in: "/w") == (
                "/home/ada/h", .environment
            )
        )
        #expect(locate("~", ["HOME": "/home/ada"], in: "/w") == ("/home/ada", .flag))
    }

    @Test func `an empty flag or variable counts as none`() {
        #expect(locate("", ["STACKCTL_HOME": "", "HOME": "/home/ada"], in: folder.path).1 == .user)
    }

    @Test func `the data folder is what the environment says, unless that is relative`() {
        #expect(
            locate(nil, ["XDG_DATA_HOME": "/data", "HOME": "/h"], in: folder.path) == (
                "/data/stackctl", .user
            )
        )
        #expect(
            locate(nil, ["XDG_DATA_HOME": "data", "HOME": "/h"], in: folder.path) == (
                "/h/.local/share/stackctl", .user
            )
        )
        #expect(locate(nil, [:], in: folder.path) == ("/var/lib/stackctl", .user))
    }

    @Test func `a parent without a stack in its folder of stacks is none`() throws {
        try folder.write("", to: "project/stacks/readme")
        try folder.write("", to: "project/stacks/empty/compose.yaml")
        #expect(locate(nil, ["HOME": "/h"], in: folder.appending("project")).1 == .user)
    }

    @Test func `the working directory itself can be the home, and the nearest one wins`() throws {
        let directory = try project()
        try folder.write("engine: vllm\n", to: "project/deep/stacks/b/stack.yaml")
        #expect(locate(nil, [:], in: directory) == (folder.appending("project/deep").string, .parent))
        #expect(
            locate(nil, [:], in: folder.appending("project")) == (folder.appending("project").string, .parent)
        )
    }

    // MARK: Stacks

    private var home: Home { Home.locate(flag: folder.path.string, environment: [:], workingDirectory: "/") }

    @Test func `a home that does not exist has the shipped stacks`() throws {
        let home = Home.locate(flag: folder.appending("none").string, environment: [:], workingDirectory: "/")
        #expect(try home.stacks().map(\.name) == ["llamacpp", "mistral", "vllm"])
        #expect(try home.stacks().map(\.engine) == [.llamacpp, .mistralrs, .vllm])
        #expect(try home.stacks().allSatisfy { $0.origin == .builtIn })
        #expect(try home.stack(named: "vllm")?.models == .folder(folder.appending("none/stacks/vllm/models")))
        #expect(!FileSystem.exists(home.path))
    }

    @Test func `a stack of the home replaces the shipped one of its name or is added`() throws {
        try folder.write("engine: llamacpp\nport: 9999\n", to: "stacks/llamacpp/stack.yaml")
        try folder.write("engine: vllm\n", to: "stacks/big/stack.yaml")
        try folder.write("", to: "stacks/mistral/compose.yaml")
        try folder.write("engine: vllm\n", to: "stacks/.hidden/stack.yaml")
        #expect(try home.stacks().map(\.name) == ["big", "llamacpp", "mistral", "vllm"])
        #expect(try home.stack(named: "llamacpp")?.port == 9999)
        #expect(try home.stack(named: "llama.cpp")?.port == 9999)
        #expect(try home.stack(named: "mistral")?.origin == .builtIn)
    }

    @Test(arguments: ["", "nope", "..", "../stacks/vllm", "a/b", ".", "/etc"])
    func `a name that is no stack is none`(_ name: String) throws {
        #expect(try home.stack(named: name) == nil)
    }

    @Test func `stacks that cannot be listed are an error`() throws {
        try folder.write("", to: "stacks")
        let error = try #require(throws: DeclarationError.self) { try home.stacks() }
        #expect(error.cause?.errno == .notDirectory)
    }
}
