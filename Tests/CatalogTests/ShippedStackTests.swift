import Catalog
import Platform
import SystemPackage
import Testing

/// The stacks that are compiled in: `stack.yaml` and `compose.yaml` of each must say the same.
struct ShippedStackTests {
    private func compose(_ stack: String) throws -> (service: YAMLNode, root: YAMLNode) {
        let path = "stacks/\(stack)/compose.yaml"
        let file = try #require(Home.shipped.first { $0.path == path })
        let root = try YAMLNode.parse(file.bytes, file: path)
        return (try #require(root["services"]?[stack]), root)
    }

    private func stack(_ name: String) throws -> Stack {
        let home = Home.locate(flag: "/nonexistent", environment: [:], workingDirectory: "/")
        return try #require(try home.stack(named: name))
    }

    @Test func `each has both files, and the catalog is there`() {
        let stacks = ["llamacpp", "mistral", "vllm"].flatMap {
            ["stacks/\($0)/compose.yaml", "stacks/\($0)/stack.yaml"]
        }
        let others = [
            "config/limits.yaml", "config/models.yaml", "config/profiles.yaml", "config/settings.yaml",
            "config/signatures.yaml", "schemas/model.json", "schemas/settings.json",
        ]
        let shipped = Home.shipped.map(\.path).filter { !$0.hasPrefix("config/models/") }
        #expect(shipped.sorted() == others + stacks)
        #expect(Home.shipped.allSatisfy { !$0.bytes.isEmpty })
    }

    @Test(arguments: ["llamacpp", "mistral", "vllm"])
    func `container, image, port and health check agree`(_ name: String) throws {
        let (stack, service) = (try stack(name), try compose(name).service)
        #expect(stack.container == .named(try #require(service["container_name"]).string()))
        #expect(try service["ports"]?.words() == ["\(stack.host):\(stack.port):\(stack.port)"])
        let test = try #require(try service["healthcheck"]?["test"]?.words())
        #expect(test == ["CMD", "curl", "-fsS", "http://localhost:\(stack.port)\(stack.health)"])
        let image = try #require(stack.image)
        #expect(try service["image"]?.string().hasSuffix(":-\(image)}") == true)
        #expect(service["healthcheck"]?["start_period"] != nil)
        #expect(service["stop_grace_period"] != nil)
        #expect(try service["restart"]?.string() == "unless-stopped")
    }

    @Test(arguments: ["llamacpp", "mistral", "vllm"])
    func `models and adapters are mounted where the stack says, read-only`(_ name: String) throws {
        let stack = try stack(name)
        let mounts = try #require(try compose(name).service["volumes"]?.words())
        #expect(mounts.starts(with: ["./models:\(stack.mount):ro", "./adapters:/adapters:ro"]))
        #expect(stack.models == .folder(stack.folder.appending("models")))
        #expect(stack.adapters == stack.folder.appending("adapters"))
    }

    @Test(arguments: ["llamacpp", "mistral", "vllm"])
    func `a GPU is reserved by number or by name, never by both`(_ name: String) throws {
        let reservations = try compose(name).service["deploy"]?["resources"]?["reservations"]?["devices"]?
            .list()
        let device = try #require(reservations?.first)
        #expect(try device["driver"]?.string() == "nvidia")
        #expect(try device["capabilities"]?.words() == ["gpu"])
        #expect((device["count"] == nil) != (device["device_ids"] == nil))
    }

    @Test(arguments: ["llamacpp", "mistral", "vllm"])
    func `the container begins with the launch that is put into its folder`(_ name: String) throws {
        let service = try compose(name).service
        #expect(try service["entrypoint"]?.words() == ["/bin/sh", "\(Stack.activeMount)/launch.sh"])
        #expect(service["command"] == nil)
        #expect(try service["volumes"]?.words().contains("./active:\(Stack.activeMount):ro") == true)
        #expect(try stack(name).active == stack(name).folder.appending("active"))
    }

    @Test func `vLLM has more shared memory than Docker gives`() throws {
        #expect(try compose("vllm").service["shm_size"]?.string() == "16gb")
    }
}
