import Docker
import Platform
import TestSupport
import Testing

struct ContainerTests {
    @Test func `a container is described`() async throws {
        let engine = try StubEngine { _ in .json(Sample.container) }
        let container = try await engine.client.container("llamacpp")
        #expect(container.id == "4fa6e0f0c678")
        #expect(container.name == "llamacpp")
        #expect(container.program == "/app/llama-server")
        #expect(container.arguments == ["-m", "/models/a"])
        #expect(container.image == "sha256:1234")
        #expect(container.restartCount == 3)
        #expect(container.configuration.command == ["-m", "/models/a"])
        #expect(container.configuration.entrypoint == ["/app/llama-server"])
        #expect(container.configuration.image == "ghcr.io/x:1")
        #expect(container.configuration.labels == ["com.docker.compose.project": "stacks"])
        #expect(container.configuration.hasTerminal)
        #expect(container.mounts.map(\.destination) == ["/models"])
        #expect(container.mounts.first?.isWritable == false)
        let port = try #require(container.ports.first)
        #expect(container.ports.count == 1)
        #expect((port.container, port.published) == (8080, 18080))
        #expect(port.address == "127.0.0.1" && port.transport == "tcp")
        #expect(container.resources.restartPolicy == RestartPolicy("unless-stopped", maximumRetries: 0))
        #expect(container.resources.deviceRequests?.first?.count == -1)
        #expect(container.resources.deviceRequests?.first?.capabilities == [["gpu"]])
        #expect(engine.lines == ["GET /containers/llamacpp/json"])
    }

    @Test func `a container's state says how it does and how it ended`() async throws {
        let engine = try StubEngine { _ in .json(Sample.container) }
        let state = try await engine.client.container("llamacpp").state
        #expect(state.running && state.status == "running" && state.isRestarting == false)
        #expect(state.wasOutOfMemory == true && state.exitCode == 137 && state.error == "no such device")
        #expect(state.startedAt == EngineTime(seconds: 1_795_265_092, nanoseconds: 280_814_733))
        #expect(state.finishedAt != nil && state.finishedAt?.unlessNever == nil)
        let health = try #require(state.health)
        #expect(health.word == "unhealthy" && health.failingStreak == 2)
        let probe = try #require(health.log?.first)
        #expect(probe.exitCode == 1 && probe.output == "refused")
        #expect(probe.start == EngineTime(seconds: 1_795_265_093, nanoseconds: 100_000_000))
    }

    @Test func `the values of a container's variables are in no description of it`() async throws {
        let engine = try StubEngine { _ in
            .json(#"{"Id":"a","State":{"Running":true},"Config":{"Env":["HF_TOKEN=hf_secret","PATH=/bin"]}}"#)
        }
        let container = try await engine.client.container("a")
        #expect(container.configuration.environment?["HF_TOKEN"] == "hf_secret")
        #expect(container.configuration.environment?.names == ["HF_TOKEN", "PATH"])
        var dumped = ""
        dump(container, to: &dumped)
        for text in ["\(container)", String(reflecting: container), dumped] {
            #expect(text.contains("HF_TOKEN") && !text.contains("hf_secret"))
        }
    }

    @Test func `a container without anything is described too`() async throws {
        let engine = try StubEngine { _ in
            .json(
                #"{"Id":"a","State":{"Running":false,"Health":{"Status":""}},"Config":{"Cmd":null,"Env":null},"Args":null}"#
            )
        }
        let container = try await engine.client.container("a")
        #expect(!container.state.running && container.state.health?.word == nil)
        #expect(container.configuration.command == nil)
        #expect(container.configuration.environment?.assignments ?? [] == [])
        #expect(container.ports.isEmpty && container.mounts.isEmpty && container.restartCount == 0)
    }

    @Test(arguments: ["../volumes/x", "a b", "a?all=1", "a#b", "ä", "a\r\nX: y"])
    func `a name stays one part of the address`(name: String) async throws {
        let engine = try StubEngine { _ in .json(Sample.container) }
        _ = try await engine.client.container(name)
        #expect(engine.asked.map(\.segments) == [["containers", name, "json"]])
        #expect(engine.asked.map(\.query.isEmpty) == [true])
    }

    @Test func `the containers of a service are those with compose's labels, also stopped ones`() async throws
    {
        let engine = try StubEngine { _ in
            .json(
                """
                [{"Id":"one","Names":["/a"],"Labels":{"p":"stacks","s":"llamacpp"},"State":"exited"},
                 {"Id":"two","Names":["/b"],"Labels":{"p":"stacks","s":"other"}},{"Id":"three","Names":null,"Labels":null}]
                """
            )
        }
        let found = try await engine.client.containers(labels: ["p": "stacks", "s": "llamacpp"])
        // What an engine does with two filters is not left to it.
        #expect(found.map(\.id) == ["one"] && found.first?.name == "a" && found.first?.state == "exited")
        let request = try #require(engine.asked.first)
        #expect(request.path == "/containers/json" && request.query["all"] == "1")
        #expect(try filters(of: request) == ["label": ["p=stacks", "s=llamacpp"]])
    }

    @Test func `containers are found by a label of any value`() async throws {
        let engine = try StubEngine { _ in
            .json(#"[{"Id":"one","Labels":{"p":""}},{"Id":"two","Labels":{"s":"p"}},{"Id":"three"}]"#)
        }
        #expect(try await engine.client.containers(label: "p").map(\.id) == ["one"])
        let request = try #require(engine.asked.first)
        #expect(request.query["all"] == "1")
        #expect(try filters(of: request) == ["label": ["p"]])
    }

    @Test func `a label cannot end the filter`() async throws {
        let engine = try StubEngine { _ in .json("[]") }
        #expect(try await engine.client.containers(labels: [#"a"],"x":["b\"#: "&all=0"]).isEmpty)
        let request = try #require(engine.asked.first)
        #expect(request.query["all"] == "1")
        #expect(try filters(of: request) == ["label": [#"a"],"x":["b\=&all=0"#]])
    }

    @Test func `a name is no pattern`() async throws {
        let engine = try StubEngine { _ in
            .json(#"[{"Id":"1","Names":["/llamacpp-2"]},{"Id":"2","Names":["/x","/llamacpp"]}]"#)
        }
        #expect(try await engine.client.container(named: "llamacpp")?.id == "2")
        #expect(try await engine.client.container(named: "llama.*") == nil)
    }

    @Test func `a volume has a mount point, an image has digests`() async throws {
        let engine = try StubEngine { request in
            request.path.contains("/volumes/")
                ? .json(
                    #"{"Name":"models","Driver":"local","Mountpoint":"/var/lib/docker/volumes/models/_data"}"#
                )
                : .json(
                    """
                    {"Id":"sha256:1","RepoTags":["a:1"],"RepoDigests":["a@sha256:2"],"Size":7,
                     "Config":{"Entrypoint":["/x"],"Cmd":null,"Env":["TOKEN=geheim"],"Labels":null}}
                    """
                )
        }
        #expect(try await engine.client.volume("models").mountpoint == "/var/lib/docker/volumes/models/_data")
        let image = try await engine.client.image("ghcr.io/org/a:1")
        #expect(image.digests == ["a@sha256:2"] && image.configuration?.entrypoint == ["/x"])
        #expect(!"\(image)".contains("geheim"))
        #expect(engine.lines == ["GET /volumes/models", "GET /v1.41/images/ghcr.io/org/a:1/json"])
    }

    @Test func `what is done to a container is asked for as the interface says`() async throws {
        let engine = try StubEngine { request in
            request.path.hasSuffix("/start") ? StubResponse(304) : StubResponse(204)
        }
        let client = engine.client
        #expect(try await !client.start("a"))
        #expect(try await client.stop("a", grace: .milliseconds(1500)))
        try await client.restart("a")
        try await client.rename("a", to: "b c")
        try await client.kill("a", signal: "SIGTERM")
        try await client.update("a", restartPolicy: .never)
        try await client.remove("a", forced: true)
        #expect(
            engine.lines == [
                "POST /v1.41/containers/a/start", "POST /v1.41/containers/a/stop?t=2",
                "POST /v1.41/containers/a/restart", "POST /v1.41/containers/a/rename?name=b%20c",
                "POST /v1.41/containers/a/kill?signal=SIGTERM", "POST /v1.41/containers/a/update",
                "DELETE /v1.41/containers/a?force=1",
            ]
        )
        let update = try #require(engine.asked.first { $0.path.hasSuffix("/update") })
        #expect(String(decoding: update.body, as: UTF8.self) == #"{"RestartPolicy":{"Name":"no"}}"#)
        #expect(update.headers["content-type"] == "application/json")
    }

    private func filters(of request: StubRequest) throws -> [String: [String]] {
        try JSON.decode([String: [String]].self, from: Array((request.query["filters"] ?? "").utf8))
    }
}

struct EngineTimeTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0, 0), ("2000-02-29T23:59:59.5Z", 951_868_799, 500_000_000),
            ("2026-11-21T12:44:52.280814733Z", 1_795_265_092, 280_814_733),
            ("2026-11-21T12:44:52.2808147339999+00:00", 1_795_265_092, 280_814_733),
            ("2026-11-21T05:14:52-07:30", 1_795_265_092, 0), ("1969-12-31T23:59:59Z", -1, 0),
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0), ("2100-03-01T00:00:00Z", 4_107_542_400, 0),
        ] as [(String, Int64, Int32)]
    )
    func `a time is read to the nanosecond`(text: String, seconds: Int64, nanoseconds: Int32) {
        #expect(EngineTime(text) == EngineTime(seconds: seconds, nanoseconds: nanoseconds))
    }

    @Test(arguments: [
        "", "now", "2026-11-21", "2026-13-21T12:44:52Z", "2026-11-21T24:00:00Z", "2026-11-21T12:44:52",
        "2026-11-21T12:44:52.Z", "2026-11-21T12:44:52Zx", "+026-11-21T12:44:52Z", "2026-11-21T12:44:52+0100",
    ])
    func `what is no time is none`(text: String) { #expect(EngineTime(text) == nil) }

    @Test func `a time is asked for in seconds with nine digits`() {
        #expect(EngineTime(seconds: 17, nanoseconds: 5000).description == "17.000005000")
    }
}
