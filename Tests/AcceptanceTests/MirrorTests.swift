import Glibc
import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// What other hosts get from `stackctl mirror serve`.
struct MirrorTests {
    /// A folder with both repositories of the sample model, and one with a larger file.
    private func folder(in home: CommandLineHome) throws -> FilePath {
        let folder = home.directory.appending("repositories")
        try SampleModel.write(below: folder)
        return folder
    }

    /// A command of other people, with nothing of this home but the mirror's address.
    private func run(
        _ executable: FilePath,
        _ arguments: [String],
        _ home: CommandLineHome,
        endpoint: String = ""
    ) async throws -> BinaryRun.Result {
        let user = home.directory.appending("other-host").string
        return try await BinaryRun.run(
            executable,
            arguments,
            environment: [
                "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": user, "HF_HOME": "\(user)/hf",
                "HF_ENDPOINT": endpoint,
                "HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
                "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            ]
        )
    }

    @Test(.enabled(HubClient.reason) { await HubClient.isExpected() })
    func `the hub's own client downloads a repository, byte for byte`() async throws {
        let hf = try await HubClient.installed.value
        let home = try CommandLineHome()
        let mirror = try await RunningMirror(home, try folder(in: home).string)
        for repository in [SampleModel.repository, SampleModel.ggufRepository] {
            let target = home.directory.appending("downloaded").pushing(FilePath(repository))
            let arguments = ["download", repository, "--local-dir", target.string]
            let result = try await run(hf, arguments, home, endpoint: mirror.address)
            #expect(result.status == 0, "\(result.errors)\n\(mirror.log)")
            let expected = try SampleModel.files().filter { $0.path.hasPrefix("\(repository)/") }
            #expect(!expected.isEmpty)
            for (path, bytes) in expected {
                let downloaded = target.pushing(FilePath(String(path.dropFirst(repository.count + 1))))
                #expect(try FileSystem.read(downloaded) == bytes, "\(path)")
            }
        }
    }

    @Test(.enabled(HubClient.reason) { await HubClient.isExpected() })
    func `the hub's own client resumes a download whose connection was lost`() async throws {
        let hf = try await HubClient.installed.value
        let home = try CommandLineHome()
        let content = try largeGGUF(mebibytes: 24)
        try home.directory.write(content.all, to: "repositories/org/big/m-Q4_K_M.gguf")
        let mirror = try await RunningMirror(home, home.directory.appending("repositories").string)
        let breaks = Mutex(1)
        // The mirror behind a line that breaks once, in the middle of the file.
        let line = try StubServer(name: "line") { request in
            guard var answer = try? Self.pass(request, to: mirror.port) else { return StubResponse(502) }
            let isFile = request.method == "GET" && answer.content.size > 20_000_000
            let isBroken = breaks.withLock { breaks in
                if isFile { breaks -= 1 }
                return isFile && breaks == 0
            }
            if isBroken { answer.trouble.dropAfter = 15_000_000 }
            return answer
        }
        let target = home.directory.appending("downloaded")
        let arguments = ["download", "org/big", "m-Q4_K_M.gguf", "--local-dir", target.string]
        let result = try await run(hf, arguments, home, endpoint: line.url)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try FileSystem.read(target.appending("m-Q4_K_M.gguf"), limit: 100_000_000) == content.all)
        let ranges = line.requests.filter { $0.status == 206 }
        #expect(ranges.compactMap { $0.request.headers["range"] } == ["bytes=10485760-"])
        #expect(mirror.log.contains(" 206 "))
    }

    /// Asks the mirror what a client asked the line.
    private static func pass(_ request: StubRequest, to port: UInt16) throws -> StubResponse {
        var headers = request.headers
        for name in ["host", "connection"] { headers[name] = nil }
        let answer = try RawHTTP(port: port).send(request.method, request.target, headers: headers)
        var response = StubResponse(answer.status, headers: answer.headers, content: .bytes(answer.body))
        for name in ["connection", "transfer-encoding"] { response.headers[name] = nil }
        return response
    }

    @Test func `a range is answered with its bytes, and one beyond the end is refused`() async throws {
        let home = try CommandLineHome()
        let mirror = try await RunningMirror(home, try folder(in: home).string)
        let path = "\(SampleModel.ggufRepository)/tiny-llama-q8_0.gguf"
        let whole = try #require(try SampleModel.files().first { $0.path == path }).bytes
        let url = "\(mirror.address)/\(SampleModel.ggufRepository)/resolve/main/tiny-llama-q8_0.gguf"
        let part = try RawHTTP.request("GET", url, headers: ["Range": "bytes=1000-4999"])
        #expect((part.status, part.headers["content-range"]) == (206, "bytes 1000-4999/\(whole.count)"))
        #expect(part.body == Array(whole[1000..<5000]))
        let beyond = try RawHTTP.request("GET", url, headers: ["Range": "bytes=\(whole.count)-"])
        #expect((beyond.status, beyond.headers["content-range"]) == (416, "bytes */\(whole.count)"))
    }

    @Test func `curl goes on with what it has of a file`() async throws {
        let home = try CommandLineHome()
        let content = try largeGGUF(mebibytes: 12)
        try home.directory.write(content.all, to: "repositories/org/big/m-Q4_K_M.gguf")
        let mirror = try await RunningMirror(home, home.directory.appending("repositories").string)
        let begun = try home.directory.write(content.all[..<5_000_000], to: "begun.gguf")
        let url = "\(mirror.address)/org/big/resolve/main/m-Q4_K_M.gguf"
        let result = try await run(
            "/usr/bin/env",
            ["curl", "--silent", "--show-error", "--fail", "--location", "-C", "-", "-o", begun.string, url],
            home
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(try FileSystem.read(begun, limit: 100_000_000) == content.all)
        let rest = content.size - 5_000_000
        #expect(try await mirror.eventually { $0.contains("/m-Q4_K_M.gguf 206 \(rest)\n") })
    }

    @Test func `another stackctl pulls from a store, finds it there again, and needs the mirror no more`()
        async throws
    {
        let content = try largeGGUF(mebibytes: 8)
        let first = try CommandLineHome(
            StubRepository("org/big", files: ["m-Q4_K_M.gguf": content, "m-Q8_0.gguf": .text("other")])
        )
        #expect(try await first.run("llamacpp", "pull", "org/big").status == 0)
        let mirror = try await RunningMirror(first)
        let second = try CommandLineHome()
        let pull = ["llamacpp", "pull", "org/big"]
        let result = try await second.start(pull, environment: ["HF_ENDPOINT": mirror.address]).finish()
        #expect(result.status == 0, "\(result.errors)\n\(mirror.log)")
        #expect(try second.read("org--big/gguf/q4_k_m/m-Q4_K_M.gguf") == content.all)
        let again = try await second.start(pull, environment: ["HF_ENDPOINT": mirror.address]).finish()
        #expect(again.output.contains("is there"))
        #expect(first.hub.bytesServed(.cdn) == content.size)
        let stopped = try await mirror.stop(SIGTERM)
        #expect([.exited(0), .exited(130), .exited(143)].contains(stopped.ending))
        let offline = try await second.start(pull, environment: ["HF_ENDPOINT": mirror.address]).finish()
        #expect(offline.status == 0)
    }

    @Test func `other hosts are served with a token only, or when that is said`() async throws {
        let home = try CommandLineHome()
        let folder = try folder(in: home).string
        let refused = try await home.run("mirror", "serve", folder, "--bind", "0.0.0.0:0")
        #expect(refused.status == 5)
        #expect(refused.errors.contains("--token-file"))
        let token = try home.directory.write("secret\n", to: "token")
        let mirror = try await RunningMirror(home, folder, "--token-file", token.string)
        let url = "\(mirror.address)/api/models/\(SampleModel.repository)"
        #expect(try RawHTTP.request("GET", url).status == 401)
        let answer = try RawHTTP.request("GET", url, headers: ["Authorization": "Bearer secret"])
        #expect(answer.status == 200)
        #expect(!mirror.log.contains("secret"))
    }
}

extension RunningMirror {
    /// Waits until the log is as wanted: a request is logged when it is over.
    fileprivate func eventually(_ condition: @Sendable (String) -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(10)
        while !condition(log) {
            guard ContinuousClock.now < end else { return false }
            try await Task.sleep(for: .milliseconds(5))
        }
        return true
    }
}
