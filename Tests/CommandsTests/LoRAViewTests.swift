import Console
import Platform
import Testing

@testable import Commands
@testable import Operations

/// How adapters look to a person.
struct LoRAViewTests {
    private let terminal = Terminal(descriptor: -1, color: .never, environment: ["COLUMNS": "120"])

    private func added(
        wasThere: Bool = false,
        changed: Bool = true,
        name: String = "sql",
        madeFrom: String? = nil
    ) -> LoRAAdd.Outcome {
        LoRAAdd.Outcome(
            stack: "llamacpp",
            config: "tiny",
            path: "/srv/ai/config/models/tiny.yaml",
            name: name,
            source: "ada/sql-lora",
            revision: nil,
            format: "gguf",
            madeFrom: madeFrom,
            rank: 16,
            alpha: 32,
            scale: nil,
            sizeBytes: 4_500_000,
            folder: nil,
            wasThere: wasThere,
            changed: changed
        )
    }

    private func listed(
        name: String? = "sql",
        stored: Bool = true,
        servable: Bool? = true,
        reason: String? = nil
    ) -> ListedAdapter {
        var adapter = ListedAdapter(
            config: name.map { _ in "tiny" },
            name: name,
            source: "ada/sql-lora",
            revision: nil,
            scale: 0.5
        )
        guard stored else { return adapter }
        (adapter.stored, adapter.servable, adapter.reason) = (true, servable, reason)
        (adapter.format, adapter.rank, adapter.alpha, adapter.sizeBytes) = ("gguf", 16, 32, 4_500_000)
        return adapter
    }

    @Test func `what was added is told with what it is, and what was there already as that`() {
        #expect(
            LoRAView.text(added(), isDryRun: false)
                == "fetched `sql`: gguf, rank 16, 4.5 MB\ndeclared it in /srv/ai/config/models/tiny.yaml\n"
        )
        #expect(
            LoRAView.text(added(madeFrom: "peft"), isDryRun: false)
                .hasPrefix("fetched `sql`: gguf, rank 16, 4.5 MB, made from PEFT\n")
        )
        #expect(
            LoRAView.text(added(), isDryRun: true)
                == "would fetch `sql`: gguf, rank 16, 4.5 MB\nwould declare it in /srv/ai/config/models/tiny.yaml\n"
        )
        #expect(
            LoRAView.text(added(wasThere: true, changed: false), isDryRun: false)
                == """
                `sql` is stored already: gguf, rank 16, 4.5 MB
                it is declared in /srv/ai/config/models/tiny.yaml already

                """
        )
    }

    @Test func `what was removed is told with the files that go and the reason why others stay`() {
        func removed(_ folders: [String], usedBy: [String]) -> LoRARemove.Outcome {
            LoRARemove.Outcome(
                config: "tiny",
                path: "/c/tiny.yaml",
                name: "sql",
                source: "ada/sql-lora",
                removed: folders,
                usedBy: usedBy,
                servedBy: []
            )
        }
        #expect(
            LoRAView.text(removed(["/a/sql"], usedBy: []), isDryRun: false)
                == "removed `sql` from /c/tiny.yaml\nremoved /a/sql\n"
        )
        #expect(
            LoRAView.text(removed([], usedBy: ["a", "b"]), isDryRun: true)
                == "would remove `sql` from /c/tiny.yaml\nits files stay: `a`, `b` name them too\n"
        )
    }

    @Test func `the table tells what is missing and what cannot be served`() {
        let rows = [
            listed(), listed(name: "late", stored: false), listed(name: nil, servable: false, reason: "no"),
        ]
        #expect(
            LoRAView.table(rows, terminal) == """
                MODEL  ADAPTER  SOURCE        FORMAT  RANK  ALPHA    SIZE  SCALE  STATE
                tiny   sql      ada/sql-lora  gguf      16     32  4.5 MB    0.5  ready
                tiny   late     ada/sql-lora  -          -      -       -    0.5  not stored
                -      -        ada/sql-lora  gguf      16     32  4.5 MB    0.5  no

                """
        )
        #expect(LoRAView.table([], terminal).isEmpty)
        #expect(rows.map(LoRAView.line) == ["sql\n", "late\n", "ada/sql-lora\n"])
    }

    @Test func `what comes from outside cannot change the terminal`() {
        let hostile = "a\u{1B}[2J\nb"
        let texts = [
            LoRAView.text(added(name: hostile), isDryRun: false), LoRAView.line(listed(name: hostile)),
            LoRAView.table([listed(reason: hostile), listed(name: hostile)], terminal),
        ]
        for text in texts { #expect(!text.contains("\u{1B}")) }
        #expect(texts[1].split(separator: "\n").count == 1)
    }
}
