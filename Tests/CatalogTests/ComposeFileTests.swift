import Catalog
import Platform
import SystemPackage
import TestSupport
import Testing

/// What is read of Compose files.
struct ComposeFileTests {
    private func read(_ text: String, _ body: (ComposeFile?) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        try body(ComposeFile(at: try directory.write(text, to: "compose.yaml")))
    }

    private static let text = """
        name: mine
        services:
          proxy:
            container_name: front
          llm:
            container_name: engine
            deploy:
              resources:
                reservations:
                  devices:
                    # All of them.
                    - driver: nvidia
                      count: all
                      capabilities: [gpu]
            restart: always
          other:
            deploy: {resources: {limits: {memory: 1g}}}

        """

    @Test func `a service is found by the name of its container, or by its own`() throws {
        try read(Self.text) { file in
            let file = try #require(file)
            #expect(file.service(of: .named("engine")) == "llm" && file.service(of: .named("llm")) == nil)
            #expect(file.service(of: .service(project: "mine", service: "other")) == "other")
            #expect(file.service(of: .service(project: "mine", service: "none")) == nil)
        }
    }

    @Test func `the lines that ask for GPUs are those of the service and no others`() throws {
        try read(Self.text) { file in
            let file = try #require(file)
            #expect(file.linesOfGPUs(in: "llm") == 7...14)
            #expect(file.linesOfGPUs(in: "other") == nil && file.linesOfGPUs(in: "proxy") == nil)
        }
    }

    @Test(arguments: [
        ("limits: {memory: 1g}", 0, 10...14), ("limits: {memory: 1g}", 1, 9...14),
        ("replicas: 1", 2, 8...14),
    ])
    func `what else is deployed stays`(other: String, up: Int, lines: ClosedRange<Int>) throws {
        // Beside `reservations`' devices, beside `reservations`, beside `resources`.
        let depth = [10, 8, 6][up]
        let key = ["devices:", "reservations:", "resources:"][up]
        let line = String(repeating: " ", count: depth) + other + "\n"
        let text = Self.text.replacing(
            "\(String(repeating: " ", count: depth))\(key)",
            with: line + String(repeating: " ", count: depth) + key
        )
        try read(text) { file in
            let range = try #require(file?.linesOfGPUs(in: "llm"))
            #expect(range.count == lines.count)
            var rest = text.split(separator: "\n", omittingEmptySubsequences: false)
            rest.removeSubrange((range.lowerBound - 1)...(range.upperBound - 1))
            #expect(rest.joined(separator: "\n").contains(other) && !rest.joined().contains("nvidia"))
            try read(rest.joined(separator: "\n")) { #expect($0?.service(of: .named("engine")) == "llm") }
        }
    }

    @Test func `what has something else on its lines is left to a person`() throws {
        for deploy in [
            "{resources: {limits: {memory: 1g}, reservations: {devices: [{driver: nvidia}]}}}",
            "{resources: {reservations: {devices: [{driver: nvidia}, {driver: other}]}}}",
        ] {
            try read("services:\n  llm:\n    container_name: engine\n    deploy: \(deploy)\n") { file in
                let file = try #require(file)
                #expect(file.linesOfGPUs(in: "llm") == nil)
            }
        }
    }

    @Test func `what is no Compose file says nothing`() throws {
        #expect(ComposeFile(at: "/nowhere/compose.yaml") == nil)
        try read("services: [") { #expect($0 == nil) }
        try read("services: 3\n") { #expect($0?.service(of: .named("engine")) == nil) }
    }

    @Test(arguments: ["llamacpp", "mistral", "vllm"])
    func `a shipped stack asks for GPUs, and is another whole file without that`(stack: String) throws {
        let bytes = try #require(Home.shipped.first { $0.path == "stacks/\(stack)/compose.yaml" }?.bytes)
        var lines = String(decoding: bytes, as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        try read(lines.joined(separator: "\n")) { file in
            let file = try #require(file)
            let service = try #require(file.service(of: .named("stackctl-\(stack)")))
            let range = try #require(file.linesOfGPUs(in: service))
            lines.removeSubrange((range.lowerBound - 1)...(range.upperBound - 1))
        }
        try read(lines.joined(separator: "\n")) { file in
            let file = try #require(file)
            let service = try #require(file.service(of: .named("stackctl-\(stack)")))
            #expect(file.linesOfGPUs(in: service) == nil)
            #expect(!lines.joined().contains("nvidia"))
        }
    }

    @Test(arguments: [
        ("volumes: [./k:/run/secrets/api-key:ro]", ComposeFile.Mounted.file("/c/k")),
        ("volumes: [/keys:/run/secrets]", .file("/keys/api-key")),
        ("volumes: [./keys:/run/secrets/]", .file("/c/keys/api-key")),
        ("<<: {volumes: [./k:/run/secrets/api-key]}", .unknown),
        ("volumes: ['${KEY:-./k}:/run/secrets/api-key']", .unknown),
        ("volumes: ['${MODELS:-./models}:/models']", .nothing),
        ("volumes: ['./k:${PLACE}']", .unknown),
        ("volumes: [keys:/run/secrets]", .unknown),
        ("volumes: [{type: bind, source: ../k, target: /run/secrets/api-key}]", .file("/k")),
        ("secrets: [api-key]", .file("/c/keys/mine")),
        ("secrets: [{source: api-key, target: other}]", .nothing),
        ("extends: {file: other.yaml, service: x}", .unknown),
        ("image: x", .nothing),
    ])
    func `what a service sees at a path is told, or that it cannot be`(
        line: String,
        mounted: ComposeFile.Mounted
    )
        throws
    {
        let text = "services: {llm: {\(line)}}\nsecrets: {api-key: {file: keys/mine}}\n"
        try read(text) { file in
            #expect(file?.mounted(at: "/run/secrets/api-key", in: "llm", from: "/c") == mounted)
        }
    }
}
