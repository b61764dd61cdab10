import Platform
import SystemPackage
import TestSupport
import Testing

/// Every command of the runbooks, typed by a test.
@Suite(.serialized)
struct RunbookTests {
    @Test(.llamaServer, arguments: try Runbook.all())
    func `every command of the page does what the page says`(name: String) async throws {
        let page = try Runbook(reading: name)
        try await RunbookScene(name).play { home in
            let done = try await home.run(page.steps.map(\.command))
            for (step, outcome) in zip(page.steps, done) {
                let isShown = step.shows(outcome.output)
                #expect(
                    outcome.status == step.status && isShown,
                    "\(step.place): \(step.command)\n\(outcome.output)"
                )
            }
        }
    }

    @Test(arguments: try Runbook.all())
    func `a page has nothing to run but what a test runs`(name: String) throws {
        let page = try Runbook(reading: name)
        #expect(page.others.isEmpty)
        #expect(page.steps.contains { $0.command.hasPrefix("stackctl ") })
    }

    @Test func `every page is found from the guide, and no other`() throws {
        let guide = try FileSystem.read(Runbook.documentation.appending("guide.md"))
        let links = String(decoding: guide, as: UTF8.self).split(separator: "](runbooks/").dropFirst()
        #expect(Set(links.map { String($0.prefix { $0 != ")" }) }) == Set(try Runbook.all()))
    }

    @Test func `a page that shows something else than there is to see is found out`() {
        let page = Runbook(
            "page.md",
            text: """
                1. Look.

                   ```console
                   $ look --all  # status 2
                   NAME  SIZE
                   a     … GB
                   …
                   end
                   ```

                ```bash
                ls
                ```
                    $ pwd
                """
        )
        let step = page.steps[0]
        #expect(step.command == "look --all  # status 2" && step.status == 2 && step.place == "page.md:4")
        #expect(page.steps.count == 1 && page.others == ["page.md:11: ```bash", "page.md:14: $ pwd"])
        #expect(step.shows("NAME    SIZE\na       12.5 GB\nend\n"))
        #expect(step.shows("NAME SIZE\na 1 GB\nb 2 GB\n\nend"))
        for other in [
            "", "NAME SIZE\na 1 GB\n", "NAME SIZE\na 1 MB\nend\n", "NAME SIZE\na 1 GB\nend\nmore\n",
            "NAMES SIZE\na 1 GB\nend\n",
        ] {
            #expect(!step.shows(other))
        }
    }
}
