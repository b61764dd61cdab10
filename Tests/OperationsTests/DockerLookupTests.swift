import Docker
import Operations
import Platform
import TestSupport
import Testing

/// Which container is the stack's own.
@Suite(.engines)
struct DockerLookupTests {
    private func states(_ home: DockerHome) async throws -> [String] {
        try await Status().run(in: home.workspace()) { _ in }.map { "\($0.container) \($0.state)" }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a container is found by its name, and by no part of it`(kind: PrivateEngine.Kind) async throws {
        try await DockerHome.with(kind) { home in
            #expect(try await states(home) == ["\(home.name) absent"])
            let id = try await home.run("sleep 600", as: home.name + "-2")
            #expect(try await states(home) == ["\(home.name) absent"])
            try home.declare("container: \(id.prefix(12))")
            #expect(try await states(home) == ["\(id.prefix(12)) absent"])
            try home.declare("container: \(home.name)-2")
            #expect(try await states(home) == ["\(home.name)-2 running"])
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a container is found by the labels of its service`(kind: PrivateEngine.Kind) async throws {
        try await DockerHome.with(kind) { home in
            try home.declare("container:\n  project: \(home.name)\n  service: llm")
            let labels = [ComposeLabel.project: home.name, ComposeLabel.service: "llm"]
            #expect(try await states(home) == ["\(home.name)/llm absent"])
            try await home.run("sleep 600", labels: labels)
            try await home.run("sleep 600", as: home.name + "-2", labels: [ComposeLabel.project: home.name])
            // Of `docker compose run`: it is not the service's own.
            try await home.run(
                "sleep 600",
                as: home.name + "-3",
                labels: labels.merging([ComposeLabel.oneOff: "True"]) { $1 }
            )
            #expect(try await states(home) == ["\(home.name) running"])
        }
    }

    @Test func `a service with several containers is a conflict, and nothing is done to them`() async throws {
        try await DockerHome.with { home in
            try home.declare("container:\n  project: \(home.name)\n  service: llm")
            let labels = [ComposeLabel.project: home.name, ComposeLabel.service: "llm"]
            let one = try await home.run("sleep 600", labels: labels)
            try await home.run("sleep 600", as: home.name + "-2", labels: labels)
            let failure = await failure { try await Restart(.stop).run(in: home.workspace()) { _ in } }
            #expect(failure?.kind == .conflict)
            #expect(failure?.message.contains("\(home.name), \(home.name)-2") == true)
            #expect(failure?.hint?.contains("`container`") == true)
            #expect(try await home.client.container(one).state.running)
        }
    }

    @Test func `a container of another project is nobody's to touch`() async throws {
        try await DockerHome.with { home in
            let file = try home.home.directory.write("name: mine\n", to: "home/stacks/llamacpp/compose.yaml")
            let foreign = [ComposeLabel.project: "other", ComposeLabel.files: "/srv/other/compose.yaml"]
            let id = try await home.run("sleep 600", labels: foreign)
            for action in ContainerChange.Action.allCases {
                let failure = await failure { try await Restart(action).run(in: home.workspace()) { _ in } }
                #expect(failure?.kind == .conflict && failure?.message.contains("`other`") == true)
            }
            for body in [{ try await Logs().run(in: home.workspace()) { _, _ in } }] {
                #expect(await failure(body)?.kind == .conflict)
            }
            let exec = await failure {
                try await Exec(["/bin/true"]).run(in: home.workspace(), ExecConsole { _, _ in })
            }
            #expect(exec?.kind == .conflict)
            let began = try await home.client.container(id).state
            #expect(began.running)
            // Made from the stack's own file, by whatever path Compose was given.
            try await home.client.remove(id, forced: true)
            let link = home.home.directory.appending("link.yaml")
            try FileSystem.link(file, as: link)
            try await home.run(
                "sleep 600",
                labels: foreign.merging([ComposeLabel.files: "/x.yaml,\(link)"]) { $1 }
            )
            #expect(try await states(home) == ["\(home.name) running"])
        }
    }

    @Test func `without a container, what needs one says how to make it`() async throws {
        try await DockerHome.with { home in
            for action in ContainerChange.Action.allCases {
                let failure = await failure { try await Restart(action).run(in: home.workspace()) { _ in } }
                #expect(failure?.kind == .notFound && failure?.hint?.contains("stackctl llamacpp up") == true)
            }
        }
    }
}
