import Platform
import SystemPackage
import TestSupport
import Testing

/// The hub's own client, `hf`, in a virtual environment of Python that is made once and kept for later runs.
enum HubClient {
    struct CannotInstall: Error, CustomStringConvertible {
        let description: String
    }

    static let reason: Comment = "python3 with venv, and PyPI or a kept installation, are needed"

    /// Where all tests must run, not being able to install it is a failure and no reason to leave them out.
    static func isExpected() async -> Bool {
        if Environment.process["CI"] != nil { return true }
        do {
            _ = try await installed.value
            return true
        } catch {
            print("left out: \(error)")
            return false
        }
    }

    /// The path of `hf`.
    static let installed = Task {
        let folder = try cache()
        let lock = try await FileLock.acquire(folder.appending("huggingface_hub.lock"))
        defer { withExtendedLifetime(lock) {} }
        let environment = folder.appending("huggingface_hub")
        let mark = environment.appending("installed")
        if !FileSystem.exists(mark) {
            try FileSystem.remove(environment)
            try await run("/usr/bin/env", ["python3", "-m", "venv", environment.string])
            let pip = environment.pushing("bin/pip")
            try await run(pip, ["install", "--quiet", "--disable-pip-version-check", "huggingface_hub"])
            try FileSystem.write([], to: mark)
        }
        let hf = environment.pushing("bin/hf")
        print(try await run(hf, ["version"]).output, terminator: "")
        return hf
    }

    /// A folder that outlives a run, if there is one to write to.
    private static func cache() throws -> FilePath {
        let temporary = FilePath(Environment.process["TMPDIR"] ?? "/tmp").appending("stackctl-test-cache")
        let named = Environment.process["STACKCTL_TEST_CACHE"].map { [FilePath($0)] }
        for folder in named ?? ["/var/cache/stackctl", temporary] {
            let probe = folder.appending("huggingface_hub.lock")
            if (try? FileSystem.createDirectory(folder)) != nil, (try? File(probe, .update)) != nil {
                return folder
            }
        }
        throw CannotInstall(description: "there is no folder to keep an installation in")
    }

    @discardableResult
    private static func run(_ executable: FilePath, _ arguments: [String]) async throws -> BinaryRun.Result {
        var environment = ["HF_HUB_DISABLE_UPDATE_CHECK": "1"]
        for name in [
            "PATH", "HOME", "TMPDIR", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT",
            "PIP_TRUSTED_HOST", "PIP_CONFIG_FILE", "SSL_CERT_FILE", "http_proxy", "https_proxy", "no_proxy",
            "HTTPS_PROXY", "NO_PROXY",
        ] {
            environment[name] = Environment.process[name]
        }
        let result = try await BinaryRun.run(
            executable,
            arguments,
            environment: environment,
            timeout: .seconds(180)
        )
        guard result.status == 0 else {
            let line = "\(executable.lastComponent?.string ?? "") \(arguments.joined(separator: " "))"
            throw CannotInstall(description: "`\(line)` ended with \(result.status): \(result.errors)")
        }
        return result
    }
}
