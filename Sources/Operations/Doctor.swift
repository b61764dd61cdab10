import Catalog
import Docker
import Host
import Hub
import Platform
import Store
import SystemPackage

/// One thing that was looked at.
public struct HealthCheck: Sendable, Encodable {
    /// How it is.
    public enum State: String, Sendable, Encodable, CaseIterable {
        /// As it should be.
        case ok
        /// It works, and something may be missed.
        case warning
        /// Something will not work.
        case problem
    }

    /// What was looked at, for example `docker` or `llamacpp.container`.
    public let check: String
    /// How it is.
    public let state: State
    /// That in a sentence.
    public let message: String
    /// What to type or change, if something is to be done.
    public let fix: String?
}

/// Looks at a host and says what would not work, and what to do about it; nothing is changed.
public struct Doctor: Sendable {
    /// Looks at all that the home has.
    public init() {}

    /// Looks at everything, whatever is found on the way.
    public func run(in workspace: Workspace) async -> [HealthCheck] {
        async let host = HostProfile.read(environment: workspace.environment)
        var checks = [home(workspace), catalog(workspace), token(workspace)]
        let isWithoutGPU = await host.isWithoutNVIDIA
        checks += Self.checks(of: await host)
        let (engine, found) = await docker(workspace)
        checks += found
        checks.append(await compose(workspace))
        for name in (try? workspace.home.stackNames()) ?? [] {
            checks += await stack(name, workspace, engine, isWithoutGPU: isWithoutGPU)
        }
        return checks
    }

    private func check(_ name: String, _ state: HealthCheck.State, _ message: String, fix: String? = nil)
        -> HealthCheck
    {
        HealthCheck(check: name, state: state, message: message, fix: fix)
    }

    private func check(_ name: String, failed failure: Failure, _ state: HealthCheck.State = .problem)
        -> HealthCheck
    {
        check(name, state, failure.message, fix: failure.hint)
    }

    // MARK: The home

    private func home(_ workspace: Workspace) -> HealthCheck {
        let path = workspace.home.path
        let isThere = FileSystem.exists(path)
        if let error = Self.obstacle(toChanging: path) {
            return check(
                "home",
                isThere ? .warning : .problem,
                isThere
                    ? "nothing can be changed in `\(path)`: \(error)" : "`\(path)` cannot be made: \(error)",
                fix: "name a folder that this user may write in with `--home` or `STACKCTL_HOME`"
            )
        }
        guard isThere else {
            return check("home", .ok, "`\(path)` is not there yet; it is made when something is stored")
        }
        do throws(DeclarationError) {
            let names = try workspace.home.stackNames()
            return check("home", .ok, "`\(path)` with the stacks \(names.joined(separator: ", "))")
        } catch { return check("home", failed: Failure(declaration: error)) }
    }

    /// Why nothing can be put into a folder, or below the nearest one that is there.
    ///
    /// Modes and owners do not tell: some filesystems take nothing from anybody.
    private static func obstacle(toChanging folder: FilePath) -> SystemError? {
        var place = folder
        while !FileSystem.exists(place), place.removeLastComponent() {}
        let trial = place.appending(".stackctl-\(UInt32.random(in: 0 ... .max))")
        do throws(SystemError) {
            try FileSystem.createDirectory(trial)
            try FileSystem.remove(trial)
            return nil
        } catch { return error }
    }

    private func catalog(_ workspace: Workspace) -> HealthCheck {
        do throws(Failure) {
            return check("catalog", .ok, "\(try workspace.catalog().entries.count) models are known by name")
        } catch { return check("catalog", failed: error) }
    }

    private func token(_ workspace: Workspace) -> HealthCheck {
        guard let token = Token.find(in: workspace.environment) else {
            return check(
                "token",
                .warning,
                "no token for the hub: gated models cannot be pulled, and the hub's quota is small",
                fix: "log in with `hf auth login`, or set `HF_TOKEN`"
            )
        }
        switch token.origin {
        case .environment(let name): return check("token", .ok, "the hub's token is in `\(name)`")
        case .file(let path):
            return check("token", .ok, "the hub's token is in `\(path)`")
        }
    }

    // MARK: The engine

    private func docker(_ workspace: Workspace) async -> (DockerClient?, [HealthCheck]) {
        let engine: DockerClient
        let facts: EngineFacts
        do throws(DockerError) {
            engine = try workspace.docker()
            facts = try await engine.facts()
        } catch { return (nil, [check("docker", failed: Failure(docker: error))]) }
        let version = facts.version.map { " \($0)" } ?? ""
        let found = check("docker", .ok, "the Docker Engine\(version) answers at `\(engine.address)`")
        guard facts.runtimes?["nvidia"] == nil else {
            return (engine, [found, check("gpu", .ok, "the Docker Engine can give containers NVIDIA GPUs")])
        }
        let gpu = check(
            "gpu",
            .warning,
            "the Docker Engine does not list the runtime `nvidia`",
            fix: """
                with an NVIDIA GPU: install the NVIDIA Container Toolkit, then `sudo nvidia-ctk runtime configure \
                --runtime=docker` and restart Docker; without one: remove `deploy` from the stacks' Compose files
                """
        )
        return (engine, [found, gpu])
    }

    private func compose(_ workspace: Workspace) async -> HealthCheck {
        do throws(Failure) {
            let (_, words) = try await Compose.find(workspace.environment)
            return check("compose", .ok, "`\(words.joined(separator: " "))` is there")
        } catch { return check("compose", failed: error) }
    }

    // MARK: A stack

    private func stack(
        _ name: String,
        _ workspace: Workspace,
        _ engine: DockerClient?,
        isWithoutGPU: Bool
    ) async -> [HealthCheck] {
        let stack: Stack
        do throws(DeclarationError) {
            guard let found = try workspace.home.stack(named: name) else { return [] }
            stack = found
        } catch { return [check(name, failed: Failure(declaration: error))] }
        var checks = [await volume(of: stack, workspace)]
        let advice = GPUAdvice(stack, environment: workspace.environment)
        if isWithoutGPU, let command = advice.removal {
            checks.append(
                check(
                    "\(stack.name).gpu",
                    .warning,
                    "`\(stack.composeFile)` asks for NVIDIA GPUs, and this host has none",
                    fix: "`\(command)`, then `stackctl \(stack.name) up`"
                )
            )
        }
        if let engine { checks.append(await container(of: stack, in: engine)) }
        return checks
    }

    private func volume(of stack: Stack, _ workspace: Workspace) async -> HealthCheck {
        let name = "\(stack.name).models"
        do {
            let store = try await workspace.store(of: stack)
            let models = try store.models().models
            let space = try DiskSpace(at: store.layout.volume)
            let broken = models.filter { $0.firstMissingFile != nil }.map { "`\($0.key.model)`" }
            guard broken.isEmpty else {
                return check(
                    name,
                    .problem,
                    "files are missing of \(broken.joined(separator: ", "))",
                    fix: "`stackctl \(stack.name) verify --repair`"
                )
            }
            return check(
                name,
                .ok,
                "\(models.count) models in `\(store.layout.volume)`, \(space.available) free"
            )
        } catch { return check(name, failed: Failure(error)) }
    }

    private func container(of stack: Stack, in engine: DockerClient) async -> HealthCheck {
        let name = "\(stack.name).container"
        let active = ActiveLaunch(stack: stack)
        do throws(Failure) {
            guard let container = try await stack.findContainer(in: engine) else {
                return check(name, .ok, "there is none yet; `stackctl \(stack.name) up` makes it")
            }
            guard active.isRead(by: container) else {
                let failure = active.notRead(by: container)
                return active.isDeclared
                    ? check(
                        name,
                        .warning,
                        "`\(container.shownName)` was made before its Compose file was changed",
                        fix: "`stackctl \(stack.name) up` makes it anew"
                    ) : check(name, failed: failure, .warning)
            }
            try active.checkMount(of: container)
            let state = container.state.status ?? (container.state.running ? "running" : "exited")
            guard container.state.running, container.state.isRestarting != true else {
                return check(
                    name,
                    .warning,
                    "`\(container.shownName)` is \(state): the stack does not serve",
                    fix: "`stackctl \(stack.name) why` says why"
                )
            }
            return check(name, .ok, "`\(container.shownName)` is \(state) and serves what `use` chooses")
        } catch { return check(name, failed: error) }
    }
}
