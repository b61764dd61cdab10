import Store
import Testing

struct ModelKeyTests {
    @Test(arguments: [
        ("qwen2.5-coder:32b", "qwen2.5-coder-32b"), ("org/name", "org--name"),
        ("org/name:tag", "org--name-tag"),
        ("Ünïcode", "Ünïcode"), ("a b", "a b"), ("-x", "-x"),
    ])
    func `a name gives the name of a folder`(model: String, folder: String) throws {
        let key = try ModelKey(model: model, format: "gguf", quant: "q4_0")
        #expect(key.directoryName == folder)
        #expect(key.path(below: "/models") == "/models/\(folder)/gguf/q4_0")
    }

    @Test(arguments: [
        "", ".", "..", ".stackctl", ".hidden", "a\\b", "a\nb", "a\u{0}b", "a\u{1b}[2J", "../up", "./here",
        String(repeating: "x", count: 256), "c:",
    ])
    func `a name that could lead elsewhere is refused`(name: String) {
        for parts in [(name, "gguf", "q4_0"), ("model", name, "q4_0"), ("model", "gguf", name)] {
            // `c:` is a drive as it stands, and a harmless folder once its colon is replaced.
            if name == "c:", parts.0 == name { continue }
            #expect(throws: StoreError.self) { try ModelKey(model: parts.0, format: parts.1, quant: parts.2) }
        }
    }

    @Test(arguments: ["a/b", "/", "a/", "/a"])
    func `a slash has no place in a format or quantization`(part: String) {
        #expect(throws: StoreError.self) { try ModelKey(model: "model", format: part, quant: "q4_0") }
        #expect(throws: StoreError.self) { try ModelKey(model: "model", format: "gguf", quant: part) }
    }

    @Test func `a deep name stays one folder`() throws {
        #expect(try ModelKey(model: "a/b/c", format: "gguf", quant: "q4_0").directoryName == "a--b--c")
    }
}
