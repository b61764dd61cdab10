import Platform
public import SystemPackage
public import Testing

/// llama.cpp's vocabularies and the `gguf` package of PyPI, which `scripts/vocabularies` fetches once for a machine.
public enum Vocabularies {
    /// A program of theirs has not done what it should.
    public struct CannotRun: Error, CustomStringConvertible {
        /// What it said.
        public let description: String
    }

    /// Why tests that need them were left out.
    public static let reason: Comment = "python3 with venv, and PyPI or what was fetched from it, are needed"

    /// Where all tests must run, not being able to fetch them is a failure and no reason to leave them out.
    public static func areExpected() async -> Bool {
        if Environment.process["CI"] != nil { return true }
        do {
            _ = try await folder.value
            return true
        } catch {
            print("left out: \(error)")
            return false
        }
    }

    /// Where they are.
    public static let folder = Task {
        let told = try await run(TestProgram.scripts.appending("vocabularies"), [])
        return FilePath(String(told.prefix { $0 != "\n" }))
    }

    /// Runs Python with `gguf`, or with another one of the packages that were fetched.
    @discardableResult
    public static func python(_ arguments: [String], _ package: String? = nil) async throws -> String {
        let folder = try await folder.value
        let path = package.map { ["PYTHONPATH": folder.appending($0).string] } ?? [:]
        return try await run(folder.pushing("environment/bin/python"), ["-B"] + arguments, path)
    }

    private static func run(
        _ executable: FilePath,
        _ arguments: [String],
        _ more: [String: String] = [:]
    ) async throws -> String {
        let names = [
            "PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL",
            "PIP_FIND_LINKS", "PIP_CERT", "PIP_TRUSTED_HOST", "PIP_CONFIG_FILE", "SSL_CERT_FILE",
            "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY",
        ]
        let environment = names.reduce(into: more) { $0[$1] = Environment.process[$1] }
        let result = try await BinaryRun.run(
            executable,
            arguments,
            environment: environment,
            timeout: .seconds(1200)
        )
        guard result.status == 0 else {
            throw CannotRun(description: "\(executable) ended with \(result.status): \(result.errors)")
        }
        return result.output
    }
}
