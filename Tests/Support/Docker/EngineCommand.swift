import Glibc
import Platform
import SystemPackage

/// The command that starts an engine which shares nothing with others of the machine.
struct EngineCommand {
    let words: [String]
    let environment: [String: String]
    /// What removes the containers that would outlive the engine, for a shell.
    let cleanUp: String

    init(
        _ kind: PrivateEngine.Kind,
        folder: FilePath,
        socket: FilePath,
        options: [String],
        pretendsGPUs: Bool
    ) throws {
        var path = Environment.system["PATH"] ?? ""
        if pretendsGPUs {
            try Self.pretendGPUs(in: folder.appending("bin"))
            path = "\(folder)/bin:\(path)"
        }
        switch kind {
        case .docker:
            // An empty file in place of the machine's own settings.
            try FileSystem.write(Array("{}".utf8), to: folder.appending("daemon.json"))
            words =
                [
                    "dockerd", "--config-file", "\(folder)/daemon.json", "--data-root", "\(folder)/data",
                    "--exec-root", "\(folder)/exec", "--pidfile", "\(folder)/pid", "-H", "unix://\(socket)",
                    "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-masq=false",
                    "--storage-driver=overlay2", "--shutdown-timeout=1",
                ] + options
            environment = ["PATH": path, "HOME": folder.string, "TMPDIR": folder.string]
            // The bridges of networks would stay.
            let client = "docker -H unix://\(socket)"
            cleanUp =
                "\(client) ps -aq | xargs -r \(client) rm --force && \(client) network prune --force"
        case .podman:
            try FileSystem.write(Array(Self.podmanSettings.utf8), to: folder.appending("containers.conf"))
            let own = [
                "--root", "\(folder)/data", "--runroot", "\(folder)/run", "--tmpdir", "\(folder)/tmp",
                "--storage-driver", "overlay", "--cgroup-manager", "cgroupfs", "--events-backend", "file",
                "--runtime", "runc",
            ]
            words = ["podman"] + own + ["system", "service", "--time=0", "unix://\(socket)"] + options
            environment = [
                "PATH": path, "HOME": folder.string, "TMPDIR": folder.string,
                "CONTAINERS_CONF": "\(folder)/containers.conf",
            ]
            cleanUp = "podman \(own.joined(separator: " ")) rm --all --force --time 0"
        }
    }

    /// Puts the program there that Docker has prepare a container for GPUs; this one has nothing to prepare.
    private static func pretendGPUs(in folder: FilePath) throws {
        try FileSystem.createDirectory(folder)
        let program = folder.appending("nvidia-container-runtime-hook")
        try FileSystem.write(Array("#!/bin/sh\n".utf8), to: program)
        guard chmod(program.string, 0o755) == 0 else {
            throw SystemError(Errno(rawValue: errno), operation: "make executable", path: program)
        }
    }

    /// Limits that may be given out where not even root may raise them.
    private static let podmanSettings = """
        [engine]
        events_logger = "file"
        [containers]
        default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
        log_driver = "k8s-file"
        """
}
