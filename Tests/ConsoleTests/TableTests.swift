import Console
import Testing

struct TableTests {
    private func models() -> Table {
        var table = Table([
            .init("Model", isFlexible: true), .init("Quant"), .init("Size", .trailing),
            .init("Source", isFlexible: true),
        ])
        table.add(["qwen2.5-coder:32b", "q4_k_m", "20 GB", "Qwen/Qwen2.5-Coder-32B-Instruct-GGUF"])
        table.add(["llama3:8b", "bf16", "4.7 GB", .init("partial", .yellow)])
        return table
    }

    @Test func `without a limit every cell is shown in full`() {
        #expect(
            models().rendered(width: nil) == """
                MODEL              QUANT     SIZE  SOURCE
                qwen2.5-coder:32b  q4_k_m   20 GB  Qwen/Qwen2.5-Coder-32B-Instruct-GGUF
                llama3:8b          bf16    4.7 GB  partial

                """
        )
    }

    @Test func `in forty columns the flexible columns give way`() {
        #expect(
            models().rendered(width: 40) == """
                MODEL        QUANT     SIZE  SOURCE
                qwen2.5-co…  q4_k_m   20 GB  Qwen/Qwen2…
                llama3:8b    bf16    4.7 GB  partial

                """
        )
    }

    @Test func `a line never takes more than the width and never ends in a space`() {
        var table = models()
        table.add(["模型-\u{1B}[2J-模型模型模型模型", "", "999 MB", ""])
        table.add(["only a name"])
        for width in 1...200 {
            for line in table.rendered(width: width).split(separator: "\n") {
                #expect(columns(of: String(line)) <= width)
                #expect(line.last != " ")
            }
        }
    }

    @Test func `columns stay in line beside wide characters`() {
        var table = Table([.init("Name"), .init("Size", .trailing)])
        table.add(["模型", "1 B"])
        table.add(["abcd", "22 B"])
        #expect(table.rendered(width: nil) == "NAME  SIZE\n模型   1 B\nabcd  22 B\n")
    }

    @Test func `a cell cannot send a sequence of its own, and a tone is marked only where colour is on`() {
        var table = Table([.init("Name")])
        table.add([.init("\u{1B}[31mx", .green)])
        #expect(!table.rendered(width: nil).contains("\u{1B}"))
        let colored = table.rendered(width: nil, style: Style(isOn: true))
        #expect(colored == "\u{1B}[1mNAME\u{1B}[0m\n\u{1B}[32m\u{FFFD}[31mx\u{1B}[0m\n")
    }

    @Test func `cells without a column are left out and missing ones are empty`() {
        var table = Table([.init("A"), .init("B")])
        table.add(["1", "2", "3"])
        table.add(["4"])
        #expect(table.rendered(width: nil) == "A  B\n1  2\n4\n")
    }
}

/// Tables that are too wide for all of their columns.
struct TableWeightTests {
    private func models() -> Table {
        var table = Table([
            .init("stack"), .init("model", isFlexible: true, weight: .high), .init("format"),
            .init("size", .trailing, weight: .high), .init("params", weight: .low),
            .init("used", weight: .low),
        ])
        table.add(["llamacpp", "qwen2.5-coder:32b", "gguf", "20 GB", "32.8B", "2026-01-01"])
        return table
    }

    @Test(arguments: [
        (80, "STACK     MODEL              FORMAT   SIZE  PARAMS  USED"),
        (52, "STACK     MODEL              FORMAT   SIZE  PARAMS"),
        (40, "STACK     MODEL            FORMAT   SIZE"), (33, "STACK     MODEL     FORMAT   SIZE"),
        (30, "STACK     MODEL           SIZE"), (20, "MODEL           SIZE"), (9, "MODEL"),
    ])
    func `columns go by weight, from the right, and the others take their room`(
        width: Int,
        header: String
    ) {
        let lines = models().rendered(width: width).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first.map(String.init) == header)
    }

    @Test func `the last column is never left out`() {
        var table = Table([.init("name", weight: .low), .init("size", weight: .low)])
        table.add(["abcdefgh", "1 B"])
        #expect(table.rendered(width: 4) == "NAME\nabc…\n")
    }

    @Test(arguments: [
        (60, "MODEL                 SIZE  FITS"), (40, "MODEL                 SIZE  FITS"),
        (36, "MODEL                 SIZE  FITS"), (35, "MODEL              FITS"),
        (24, "MODEL           FITS"),
    ])
    func `a name keeps what tells it apart while something less important is there`(
        width: Int,
        header: String
    ) {
        var table = Table([
            .init("model", isFlexible: true, least: 17, weight: .high), .init("size", .trailing),
            .init("fits", isFlexible: true, weight: .high),
        ])
        table.add(["qwen2.5-coder:32b", "20.1 GB", "on the GPU"])
        #expect(table.rendered(width: width).split(separator: "\n").first.map(String.init) == header)
    }
}

/// Tables whose last column is a sentence.
struct TableWrapTests {
    private func checks() -> Table {
        var table = Table([
            .init("state", weight: .high), .init("check", weight: .high),
            .init("message", wraps: true, weight: .high),
        ])
        table.add([.init("ok", .green), "home", "all is well"])
        table.add([
            .init("warning", .yellow), "llamacpp.container",
            "`stackctl-llamacpp` is exited: the stack does not serve",
        ])
        return table
    }

    @Test func `where there is room, a row is a line`() {
        for width in [nil, 100] {
            #expect(checks().rendered(width: width).split(separator: "\n").count == 3)
        }
    }

    @Test func `beside the other columns, if that can be read`() {
        #expect(
            checks().rendered(width: 60) == """
                STATE    CHECK               MESSAGE
                ok       home                all is well
                warning  llamacpp.container  `stackctl-llamacpp` is exited:
                                             the stack does not serve

                """
        )
    }

    @Test func `below them otherwise, and nothing is lost`() {
        #expect(
            checks().rendered(width: 40) == """
                STATE    CHECK               MESSAGE
                ok       home                all is well
                warning  llamacpp.container
                  `stackctl-llamacpp` is exited: the
                  stack does not serve

                """
        )
    }

    @Test func `no line is wider than the terminal, and none ends in a space`() {
        var table = checks()
        table.add(["problem", "docker", "/a/very/long/path/without/any/space/in/it 模型模型模型 \u{1B}[2J x"])
        table.add(["ok", "empty", ""])
        for width in 1...120 {
            for line in table.rendered(width: width).split(separator: "\n") {
                #expect(columns(of: String(line)) <= width || width < 4, "\(width): \(line)")
                #expect(line.last != " ")
            }
        }
    }
}
