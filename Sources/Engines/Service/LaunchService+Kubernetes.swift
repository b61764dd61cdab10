import Catalog
import Platform

extension LaunchService {
    private typealias Pair = (name: String, value: YAMLBlock)

    /// A claim for the models, a deployment and a service, for `kubectl apply`.
    public var kubernetes: String {
        let documents = [
            Self.note(claimNote) + YAMLBlock.document(claim),
            Self.note(deploymentNote) + YAMLBlock.document(deployment),
            YAMLBlock.document(networkService),
        ]
        return documents.joined(separator: "---\n")
    }

    /// A service of this name gives every container a variable `NAME_PORT`: one named `vllm` would break vLLM, which reads
    /// `VLLM_PORT`.
    private var name: String { ServiceName("stackctl-\(stack.name)").text }
    private var keyName: String { "\(name)-api-key" }
    private var labels: YAMLBlock { .mapping([("app.kubernetes.io/name", .text(name))]) }

    /// Text in which nothing stands for a variable.
    private static func literal(_ text: String) -> YAMLBlock {
        .text(text.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$"))
    }

    private static func note(_ lines: [String]) -> String {
        lines.map { "# \($0.onOneLine)\n" }.joined()
    }

    private func head(_ kind: String, _ version: String, _ name: String) -> [Pair] {
        [
            ("apiVersion", .text(version)), ("kind", .text(kind)),
            ("metadata", .mapping([("name", .text(name)), ("labels", labels)])),
        ]
    }

    // MARK: The models

    private var claimNote: [String] {
        let models = "Fill it before the deployment: the container sees `models/` of it at \(stack.mount)"
        return needsAdapters ? [models + ",", "and `adapters/` at \(Stack.adapterMount)."] : [models + "."]
    }

    /// The files, and a tenth more for what a file system needs of its own.
    private var gibibytes: Int64 {
        let wanted = size.bytes / 10 * 11
        return max(1, (wanted + (1 << 30) - 1) >> 30)
    }

    private var claim: [Pair] {
        let requests: YAMLBlock = .mapping([("storage", .text("\(gibibytes)Gi"))])
        return head("PersistentVolumeClaim", "v1", "\(name)-models") + [
            (
                "spec",
                .mapping([
                    ("accessModes", .sequence([.text("ReadWriteOnce")])),
                    ("resources", .mapping([("requests", requests)])),
                ])
            )
        ]
    }

    // MARK: The deployment

    private var deploymentNote: [String] {
        if plan.engine == .mistralrs {
            return ["The server asks nobody for a key: whoever reaches the service can use it."]
        }
        return plan.secrets.values.map { secret in
            switch secret {
            case .variable(let variable):
                "The key: kubectl create secret generic \(keyName) --from-literal=key=\"$\(variable)\""
            case .file(let path):
                "The key: kubectl create secret generic \(keyName) --from-file="
                    + ShellCommand.quoted("key=\(path)")
            }
        }
    }

    private var deployment: [Pair] {
        let template: YAMLBlock = .mapping([
            ("metadata", .mapping([("labels", labels)])), ("spec", .mapping(pod)),
        ])
        return head("Deployment", "apps/v1", name) + [
            (
                "spec",
                .mapping([
                    ("replicas", .literal("1")),
                    // A second one beside the first would wait for the same GPUs for ever.
                    ("strategy", .mapping([("type", .text("Recreate"))])),
                    ("selector", .mapping([("matchLabels", labels)])), ("template", template),
                ])
            )
        ]
    }

    private var pod: [Pair] {
        var pairs: [Pair] = [
            ("enableServiceLinks", .literal("false")), ("terminationGracePeriodSeconds", .literal("30")),
            ("containers", .items([.mapping(container)])),
        ]
        let claim: YAMLBlock = .mapping([("claimName", .text("\(name)-models"))])
        var volumes: [YAMLBlock] = [.mapping([("name", .text("models")), ("persistentVolumeClaim", claim)])]
        if let gigabytes = sharedMemory {
            let memory: YAMLBlock = .mapping([
                ("medium", .text("Memory")), ("sizeLimit", .text("\(gigabytes)Gi")),
            ])
            volumes.append(.mapping([("name", .text("shared-memory")), ("emptyDir", memory)]))
        }
        if let cache {
            volumes.append(.mapping([("name", .text(cache.name)), ("emptyDir", .literal("{}"))]))
        }
        pairs.append(("volumes", .items(volumes)))
        return pairs
    }

    private var container: [Pair] {
        var pairs: [Pair] = [
            ("name", .text(plan.engine.rawValue)), ("image", .text(image)),
            ("args", .items(arguments.map(Self.literal))),
        ]
        if !containerVariables.isEmpty { pairs.append(("env", .items(containerVariables))) }
        let port: YAMLBlock = .mapping([
            ("name", .text("http")), ("containerPort", .literal("\(stack.port)")),
        ])
        pairs.append(("ports", .items([port])))
        if let limits { pairs.append(("resources", .mapping([("limits", limits)]))) }
        pairs.append(("volumeMounts", .items(mounts)))
        return pairs + probes
    }

    private var containerVariables: [YAMLBlock] {
        let plain = environment.map { name, value -> YAMLBlock in
            .mapping([("name", .text(name)), ("value", Self.literal(value))])
        }
        let secrets = plan.secrets.keys.sorted().map { variable -> YAMLBlock in
            let key: YAMLBlock = .mapping([("name", .text(keyName)), ("key", .text("key"))])
            let source: YAMLBlock = .mapping([("secretKeyRef", key)])
            return .mapping([("name", .text(variable)), ("valueFrom", source)])
        }
        return plain + secrets
    }

    private var limits: YAMLBlock? {
        let count = "\(max(1, gpuCount ?? 1))"
        switch maker {
        case .none, .other: return nil
        case .nvidia: return .mapping([("nvidia.com/gpu", .text(count))])
        case .amd: return .mapping([("amd.com/gpu", .text(count))])
        }
    }

    private var mounts: [YAMLBlock] {
        func part(_ name: String, at path: String) -> YAMLBlock {
            .mapping([
                ("name", .text("models")), ("mountPath", .text(path)), ("subPath", .text(name)),
                ("readOnly", .literal("true")),
            ])
        }
        func whole(_ name: String, at path: String) -> YAMLBlock {
            .mapping([("name", .text(name)), ("mountPath", .text(path))])
        }
        var mounts = [part("models", at: stack.mount)]
        if needsAdapters { mounts.append(part("adapters", at: Stack.adapterMount)) }
        if sharedMemory != nil { mounts.append(whole("shared-memory", at: "/dev/shm")) }
        if let cache { mounts.append(whole(cache.name, at: cache.path)) }
        return mounts
    }

    // MARK: Whether it is well

    private var probes: [Pair] {
        let ask: Pair = (
            "httpGet", .mapping([("path", .text(stack.health)), ("port", .text("http"))])
        )
        func probe(every seconds: Int, failures: Int) -> YAMLBlock {
            .mapping([
                ask, ("periodSeconds", .literal("\(seconds)")), ("timeoutSeconds", .literal("5")),
                ("failureThreshold", .literal("\(failures)")),
            ])
        }
        // Until the first has succeeded, the others do not ask: a model that takes its time to load is not killed for it.
        return [
            ("startupProbe", probe(every: 10, failures: startPeriod / 10)),
            ("readinessProbe", probe(every: 10, failures: 2)),
            ("livenessProbe", probe(every: 20, failures: 6)),
        ]
    }

    private var networkService: [Pair] {
        let port: YAMLBlock = .mapping([
            ("name", .text("http")), ("port", .literal("\(stack.port)")), ("targetPort", .text("http")),
        ])
        return head("Service", "v1", name) + [
            ("spec", .mapping([("selector", labels), ("ports", .items([port]))]))
        ]
    }
}
