import Docker
import Platform
import SystemPackage
import TestSupport
import Testing

/// A Docker Engine that answers what a test wants, on a Unix socket, and states its version in each answer; to the ping
/// it answers by itself.
struct StubEngine {
    let folder: TemporaryDirectory
    let server: StubServer
    let client: DockerClient

    init(
        version: String? = "1.41",
        patience: Duration = .seconds(30),
        _ respond: @escaping StubServer.Responder
    ) throws {
        folder = try TemporaryDirectory()
        server = try StubServer(socket: folder.appending("docker.sock")) { request in
            var response = request.path == "/_ping" ? StubResponse(text: "OK") : respond(request)
            if let version { response.headers["Api-Version"] = version }
            return response
        }
        client = DockerClient(EngineAddress(.socket(folder.appending("docker.sock"))), patience: patience)
    }

    /// What was asked, but for the ping.
    var asked: [StubRequest] { server.requests.map(\.request).filter { $0.path != "/_ping" } }
    /// The same as words.
    var lines: [String] { asked.map { "\($0.method) \($0.target)" } }
    /// How often it was asked for its version alone.
    var pings: Int { server.requests.count - asked.count }
}

/// What the engine refused with; fails the test if it did not refuse.
func dockerError<Answer>(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ ask: () async throws -> Answer
) async -> DockerError? {
    do {
        let answer = try await ask()
        Issue.record("the engine answered \(answer)", sourceLocation: sourceLocation)
    } catch let error as DockerError {
        return error
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return nil
}

/// A container that the stub describes.
enum Sample {
    static let container = """
        {"Id":"4fa6e0f0c678","Created":"2025-01-01T00:00:00Z","Path":"/app/llama-server",
         "Args":["-m","/models/a"],"Image":"sha256:1234","RestartCount":3,
         "State":{"Status":"running","Running":true,"Paused":false,"Restarting":false,"OOMKilled":true,"Pid":4711,
                  "ExitCode":137,"Error":"no such device","StartedAt":"2026-11-21T12:44:52.280814733Z",
                  "FinishedAt":"0001-01-01T00:00:00Z",
                  "Health":{"Status":"unhealthy","FailingStreak":2,"Log":[
                    {"Start":"2026-11-21T13:44:53.1+01:00","End":"2026-11-21T12:44:54Z","ExitCode":1,"Output":"refused"}]}},
         "Name":"/llamacpp",
         "HostConfig":{"NetworkMode":"bridge","RestartPolicy":{"Name":"unless-stopped","MaximumRetryCount":0},
                       "Memory":1000,"ShmSize":64,"AutoRemove":false,
                       "DeviceRequests":[{"Driver":"nvidia","Count":-1,"DeviceIDs":null,"Capabilities":[["gpu"]]}]},
         "Config":{"Hostname":"x","Cmd":["-m","/models/a"],"Env":["A=1","B="],"Tty":true,
                   "Entrypoint":["/app/llama-server"],"Labels":{"com.docker.compose.project":"stacks"},
                   "Image":"ghcr.io/x:1"},
         "Mounts":[{"Type":"bind","Source":"/srv/models","Destination":"/models","Mode":"ro","RW":false}],
         "NetworkSettings":{"Ports":{"9090/tcp":null,"8080/tcp":[{"HostIp":"127.0.0.1","HostPort":"18080"}]}}}
        """
}
