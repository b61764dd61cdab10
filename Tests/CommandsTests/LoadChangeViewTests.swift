import FoundationEssentials
import Platform
import Testing

@testable import Commands
@testable import Operations

/// How `load` and `unload` look to a person and to a script.
struct LoadChangeViewTests {
    private func change(
        _ action: LoadChange.Action,
        _ kind: LoadChange.Kind = .model,
        name: String = "sql",
        changed: Bool = true,
        after milliseconds: Int? = 2100
    ) -> LoadChange {
        LoadChange(
            stack: "vllm",
            container: "stackctl-vllm",
            action: action,
            kind: kind,
            name: name,
            changed: changed,
            doneAfterMilliseconds: milliseconds
        )
    }

    private func text(_ change: LoadChange, isDryRun: Bool = false) -> String {
        LoadChangeView.text(change, isDryRun: isDryRun)
    }

    @Test func `what was done is told with what it was done to`() {
        #expect(text(change(.load)) == "`stackctl-vllm` has loaded the model `sql`, after 2 s\n")
        #expect(
            text(change(.unload, .adapter)) == "`stackctl-vllm` has unloaded the adapter `sql`, after 2 s\n"
        )
        #expect(text(change(.load, after: nil)) == "`stackctl-vllm` has loaded the model `sql`\n")
    }

    @Test func `what would be done, and what was so already, are told as that`() {
        #expect(text(change(.load), isDryRun: true) == "would have `stackctl-vllm` load the model `sql`\n")
        #expect(text(change(.load, .adapter, changed: false)) == "the adapter `sql` is loaded already\n")
        #expect(text(change(.unload, changed: false)) == "`sql` is not loaded\n")
    }

    @Test func `a server's name for a model is shown without what a terminal obeys`() {
        for isChanged in [true, false] {
            let shown = text(change(.load, name: "a\u{1B}[2Jb\nc", changed: isChanged))
            #expect(!shown.contains("\u{1B}") && shown.filter { $0 == "\n" }.count == 1)
        }
    }

    @Test func `a script gets every key in full`() throws {
        let json = String(decoding: try JSON.encode(change(.load, .adapter)), as: UTF8.self)
        #expect(
            json == """
                {
                  "action" : "load",
                  "changed" : true,
                  "container" : "stackctl-vllm",
                  "doneAfterMilliseconds" : 2100,
                  "kind" : "adapter",
                  "name" : "sql",
                  "stack" : "vllm"
                }

                """
        )
    }
}
