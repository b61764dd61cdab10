import Hub
import Testing

struct RepositoryIDTests {
    @Test(arguments: [
        "org/model", "bartowski/Qwen_Qwen3-1.7B-GGUF", "a/b", "0/1", "O.r-g_1/M.o-d_2",
        String(repeating: "a", count: 96) + "/" + String(repeating: "b", count: 96),
    ])
    func `a name of the hub is accepted as it is`(name: String) throws {
        let id = try #require(RepositoryID(name))
        #expect("\(id)" == name)
        #expect("\(id.owner)/\(id.name)" == name)
    }

    @Test(arguments: [
        "", "/", "model", "org/", "/model", "org/model/more", "org//model", "../etc", "org/..", "./model",
        "org/.hidden",
        "org/a..b", "org/a--b", "org--x/model", "org/model.git", "-org/model", "org/-model", "org/mo del",
        "org/mödel",
        "org/model\n", "org/mo%2fdel", "org\\model", "org/model?x", "org/model#x", "https://hub/org/model",
        "org/m:q4",
        "org/\u{0}", String(repeating: "a", count: 97) + "/model", "org/" + String(repeating: "a", count: 97),
    ])
    func `what is no name of the hub is refused`(name: String) {
        #expect(RepositoryID(name) == nil)
    }
}
