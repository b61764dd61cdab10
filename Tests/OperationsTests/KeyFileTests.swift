import Docker
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// A key in a file of this machine, and the container that is to see it.
@Suite(.engines)
struct KeyFileTests {
    private static let key = "keys/mine"

    private func declare(in stack: ServingHome) throws {
        try stack.home.home.directory.write(
            "model: good\napi_key: file:\(Self.key)\n",
            to: "home/config/models/good.yaml"
        )
    }

    @Test func `a container that does not see the key is refused before anything is changed`() async throws {
        try await ServingHome.with(["good": ["q8_0"]]) { stack in
            try declare(in: stack)
            let before = try stack.script
            let missing = await failure { try await stack.use("good") }
            #expect(missing?.kind == .notFound && missing?.message.contains("/home/\(Self.key)`") == true)
            let file = try stack.home.home.directory.write("s3cret\n", to: "home/\(Self.key)")
            let unseen = await failure { try await stack.use("good") }
            #expect(unseen?.kind == .conflict, "\(unseen.debugDescription)")
            #expect(unseen?.hint?.contains("`- \(file):/run/secrets/api-key:ro` below `volumes`") == true)
            #expect(try stack.script == before)
        }
    }

    @Test func `a container that sees it serves with it`() async throws {
        try await ServingHome.with(["good": ["q8_0"]]) { plan in
            var binds = plan.resources.binds ?? []
            guard let active = binds.first(where: { $0.hasSuffix(":/active:ro") }) else { return }
            let home = active.prefix { $0 != ":" }.dropLast("/stacks/llamacpp/active".count)
            let file = FilePath("\(home)/\(Self.key)")
            // A bind of what is not there would become a folder.
            try? FileSystem.createDirectory(file.removingLastComponent())
            try? FileSystem.write(Array("s3cret\n".utf8), to: file)
            binds.append("\(file):/run/secrets/api-key:ro")
            plan.resources.binds = binds
        } _: { stack in
            try declare(in: stack)
            let used = try await stack.use("good")
            #expect(used.argv.suffix(2) == ["--api-key-file", "/run/secrets/api-key"])
            #expect(try stack.script.contains("--api-key-file /run/secrets/api-key"))
            #expect(try !stack.script.contains("s3cret"))
        }
    }

    @Test func `before there is a container, the Compose file is asked, and what it cannot tell is said`()
        async throws
    {
        try await ServingHome.with(["good": ["q8_0"]], starting: false) { stack in
            try declare(in: stack)
            try await stack.home.client.remove(stack.home.name, forced: true)
            let file = try stack.home.home.directory.write("s3cret\n", to: "home/\(Self.key)")
            let reports = Reports()
            func plan(_ line: String) async throws -> Use.Plan {
                let service =
                    "container_name: \(stack.home.name), entrypoint: [sh, /active/launch.sh], \(line)"
                try stack.home.home.directory.write(
                    "services: {llm: {\(service)}}\n",
                    to: "home/stacks/llamacpp/compose.yaml"
                )
                let good = try stack.home.home.reference("good")
                return try await Use(good).plan(in: stack.workspace, report: reports.reporter)
            }
            let unseen = await failure { try await plan("image: x") }
            #expect(
                unseen?.kind == .conflict && unseen?.message.contains("compose.yaml` does not see") == true
            )
            _ = try await plan("volumes: ['\(file):/run/secrets/api-key:ro']")
            #expect(reports.warnings.allSatisfy { !$0.contains("the key") })
            _ = try await plan("volumes: ['${KEYS}:/run/secrets']")
            #expect(reports.warnings.contains { $0.contains("the key could not be looked for") })
        }
    }
}
