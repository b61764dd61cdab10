import Catalog
import TestSupport
import Testing

@Suite struct YAMLEditTests {
    private static let text = """
        # The model.
        model: qwen2.5-coder:7b   # from the catalog
        quant: "q4_k_m"
        context:  8192

        generation:
          # Cold, for code.
          temperature: 0.2   # not 0
          stop: ["</s>", '<|end|>']   # two
        gpu: {layers: all, devices: [0, 1]}  # both
        empty:
        lora:
          - name: sql
            source: org/sql
          # the second
          - name: style
            source: ./style   # local
            scale: 0.5
        tail: |
          one
          two

        # The end.

        """

    private func edited(_ text: String, _ edit: YAMLEdit) throws -> String {
        String(decoding: try edit.applied(to: Array(text.utf8), file: "a.yaml"), as: UTF8.self)
    }

    /// The lines that an edit of `text` took away and those it brought.
    private func difference(_ edit: YAMLEdit) throws -> (gone: [String], come: [String]) {
        let before = Self.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let after = try edited(Self.text, edit).split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init
        )
        let changes = after.difference(from: before)
        return (
            changes.removals.map { if case .remove(_, let line, _) = $0 { line } else { "" } },
            changes.insertions.map { if case .insert(_, let line, _) = $0 { line } else { "" } }
        )
    }

    @Test(arguments: [
        (YAMLEdit.set("context", to: .integer(4096)), "context:  8192", "context:  4096"),
        (
            .set("model", to: .text("llama3:8b")), "model: qwen2.5-coder:7b   # from the catalog",
            "model: \"llama3:8b\"   # from the catalog"
        ),
        (.set("quant", to: .text("q8_0")), "quant: \"q4_k_m\"", "quant: \"q8_0\""),
        (
            .set("generation.temperature", to: .number(0.7)), "  temperature: 0.2   # not 0",
            "  temperature: 0.7   # not 0"
        ),
        (
            .set("generation.stop", to: .list([.text("a: b"), .text("c")])),
            "  stop: [\"</s>\", '<|end|>']   # two", "  stop: [\"a: b\", c]   # two"
        ),
        (
            .set("generation.stop.1", to: .text("x")), "  stop: [\"</s>\", '<|end|>']   # two",
            "  stop: [\"</s>\", 'x']   # two"
        ),
        (
            .set("gpu.layers", to: .integer(20)), "gpu: {layers: all, devices: [0, 1]}  # both",
            "gpu: {layers: 20, devices: [0, 1]}  # both"
        ),
        (
            .set("gpu.main", to: .integer(1)), "gpu: {layers: all, devices: [0, 1]}  # both",
            "gpu: {layers: all, devices: [0, 1], main: 1}  # both"
        ),
        (
            .remove("gpu.layers"), "gpu: {layers: all, devices: [0, 1]}  # both",
            "gpu: {devices: [0, 1]}  # both"
        ),
        (
            .remove("gpu.devices"), "gpu: {layers: all, devices: [0, 1]}  # both",
            "gpu: {layers: all}  # both"
        ),
        (
            .append(.text("x"), to: "generation.stop"), "  stop: [\"</s>\", '<|end|>']   # two",
            "  stop: [\"</s>\", '<|end|>', x]   # two"
        ),
        (.set("empty", to: .boolean(true)), "empty:", "empty: true"),
        (.set("lora.1.scale", to: .integer(0)), "    scale: 0.5", "    scale: 0"),
    ])
    func `a value changes and the rest of its line stays`(edit: YAMLEdit, before: String, after: String)
        throws
    {
        let difference = try difference(edit)
        #expect(difference.gone == [before])
        #expect(difference.come == [after])
    }

    @Test(arguments: [
        (YAMLEdit.set("parallel", to: .integer(4)), ["parallel: 4"]),
        (.set("generation.top_p", to: .number(0.9)), ["  top_p: 0.9"]),
        (.set("generation.deep.er", to: .text("x")), ["  deep:", "    er: x"]),
        (.set("speculative.method", to: .text("ngram")), ["speculative:", "  method: ngram"]),
        (
            .append(.fields(["name": .text("third"), "source": .text("org/third")]), to: "lora"),
            ["  - name: third", "    source: org/third"]
        ),
        (.set("lora.0.scale", to: .integer(2)), ["    scale: 2"]),
    ])
    func `what is not there is added as lines of its own`(edit: YAMLEdit, lines: [String]) throws {
        let difference = try difference(edit)
        #expect(difference.gone == [])
        #expect(difference.come == lines)
    }

    @Test(arguments: [
        (YAMLEdit.remove("context"), ["context:  8192"]),
        (.remove("lora.0"), ["  - name: sql", "    source: org/sql"]),
        (.remove("tail"), ["tail: |", "  one", "  two"]),
        (.remove("lora.1.scale"), ["    scale: 0.5"]),
        (.remove("nothing.like.it"), []),
    ])
    func `what is removed takes its lines with it and no others`(edit: YAMLEdit, lines: [String]) throws {
        let difference = try difference(edit)
        #expect(difference.gone == lines)
        #expect(difference.come == [])
    }

    @Test func `a name with nothing becomes a mapping, and its comment stays`() throws {
        let text = "generation:   # later\ncontext: 1\n"
        #expect(
            try edited(text, .set("generation.seed", to: .integer(1)))
                == "generation:   # later\n  seed: 1\ncontext: 1\n"
        )
    }

    @Test(arguments: ["", "# only a comment\n", "# no end of line"])
    func `a text without values is filled`(text: String) throws {
        let result = try edited(text, .set("generation.seed", to: .integer(1)))
        #expect(result.hasSuffix("generation:\n  seed: 1\n"))
        #expect(result.hasPrefix(text))
    }

    @Test func `lines that end as Windows ends them go on doing so`() throws {
        #expect(
            try edited("a: 1\r\nb: 2\r\n", .set("c", to: .integer(3))) == "a: 1\r\nb: 2\r\nc: 3\r\n"
        )
        #expect(try edited("a: 1\r\nb: 2\r\n", .set("a", to: .integer(3))) == "a: 3\r\nb: 2\r\n")
    }

    @Test func `a value goes behind the comment that shows an example of it`() throws {
        let text = """
            # context: 1   # tokens
            model: a
            gpu:
              # layers: auto
              # main: 0
            generation:
              # seed: 1
              top_p: 1
              # top_k: 2
            # nodes: [a]
            tail: x

            """
        let edits: [(YAMLEdit, String, String)] = [
            (.set("context", to: .integer(5)), "# context: 1   # tokens\n", "context: 5\n"),
            (.set("gpu.layers", to: .integer(5)), "  # layers: auto\n", "  layers: 5\n"),
            (.set("generation.seed", to: .integer(5)), "  # seed: 1\n", "  seed: 5\n"),
            (.set("generation.top_k", to: .integer(5)), "  # top_k: 2\n", "  top_k: 5\n"),
            (.set("nodes", to: .list([.text("b")])), "# nodes: [a]\n", "nodes: [b]\n"),
        ]
        for (edit, comment, line) in edits {
            #expect(try edited(text, edit) == text.replacing(comment, with: comment + line))
        }
    }

    @Test(arguments: ["a: 1\rb: 2\rc: 3\r", "a: 1\u{2028}b: 2\n"])
    func `lines that end in a way of their own make no trap`(text: String) {
        for name in ["a", "b", "c"] {
            _ = try? edited(text, .remove(name))
            _ = try? edited(text, .set(name, to: .integer(7)))
        }
    }

    @Test func `what a document ends with stays at its end`() throws {
        #expect(try edited("a: 1\n...\n", .set("b", to: .integer(2))) == "a: 1\nb: 2\n...\n")
    }

    @Test(arguments: [
        ("a: &x {b: 1}\nc: *x\n", YAMLEdit.set("a.b", to: .integer(2))),
        ("a: text\n", .set("a.b", to: .integer(2))),
        ("- a\n- b\n", .set("a", to: .integer(2))),
        ("a: {\n  b: 1,\n  c: {d: 1,\n    e: 2} }\n", .remove("a.c")),
    ])
    func `what cannot be edited without changing more is refused`(text: String, edit: YAMLEdit) throws {
        #expect(throws: DeclarationError.self) { try edited(text, edit) }
    }

    @Test func `any value of any text can be set and removed again`() throws {
        var random = SeededNumbers(seed: 20)
        for file in Home.shipped where file.path.hasSuffix(".yaml") {
            let root = try YAMLNode.parse(file.bytes, file: file.path)
            let paths = leaves(root, "")
            for _ in 0..<min(8, paths.count) {
                guard let path = paths.randomElement(using: &random) else { continue }
                let text = "\(random.next()): # \"'"
                let set = try? YAMLEdit.set(path, to: .text(text)).applied(to: file.bytes, file: file.path)
                guard let set else { continue }
                let after = try YAMLNode.parse(set, file: file.path)
                let lines = { (bytes: [UInt8]) in bytes.split(separator: 10, omittingEmptySubsequences: false)
                }
                #expect(leaves(after, "").count == paths.count)
                #expect(lines(set).difference(from: lines(file.bytes)).insertions.count <= 1)
            }
        }
    }

    /// The paths of all values that are no collections.
    private func leaves(_ node: YAMLNode, _ path: String) -> [String] {
        switch node.content {
        case .scalar: [path]
        case .mapping(let pairs):
            pairs.flatMap {
                $0.name.contains(".") ? [] : leaves($0.value, path.isEmpty ? $0.name : "\(path).\($0.name)")
            }
        case .sequence(let items):
            items.enumerated().flatMap { leaves($1, path.isEmpty ? "\($0)" : "\(path).\($0)") }
        }
    }
}
