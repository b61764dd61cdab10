import Hub
import TestSupport
import Testing
import Transport

/// A hub that is down is left in seconds.
///
/// The times are those of the client and some more: other tests run beside these.
struct DownTests {
    /// Why a hub is unreachable, and how long it took to find out.
    private func leave(_ url: String) async throws -> (reason: TransportError?, time: Duration) {
        let id = try #require(RepositoryID("org/model"))
        let start = ContinuousClock.now
        let failure = await refusal { try await HubClient(url).revision("main", of: id) }
        let time = ContinuousClock.now - start
        guard case .unreachable(host: _, let reason) = failure else {
            Issue.record("\(String(describing: failure))")
            return (nil, time)
        }
        #expect(failure?.isPassing == reason.isPassing)
        return (reason, time)
    }

    @Test func `a hub that refuses connections is given another try`() async throws {
        // Below the ports that other tests' servers get: one of theirs could be used again.
        let (reason, time) = try await leave("http://127.0.0.1:1")
        guard case .cannotConnect = reason else {
            Issue.record("\(String(describing: reason))")
            return
        }
        #expect(time > .milliseconds(300) && time < .seconds(25))
    }

    @Test func `a hub whose name nobody knows is left`() async throws {
        let (reason, _) = try await leave("http://hub.invalid")
        #expect(reason?.isPassing == true)
    }

    @Test func `a hub behind a wall that drops everything is not tried as often`() async throws {
        let hole = try BlackHole()
        let (reason, time) = try await leave(hole.url)
        guard case .cannotConnect = reason else {
            Issue.record("\(String(describing: reason))")
            return
        }
        #expect(time > .seconds(11) && time < .seconds(25))
    }

    @Test(arguments: ["http", "https"])
    func `a hub that takes the question and says nothing is asked twice`(scheme: String) async throws {
        // What is no request to it, such as the beginning of TLS, it waits for too.
        let server = try StubServer { _ in
            var response = StubResponse()
            response.trouble.delay = .seconds(3600)
            return response
        }
        let (reason, time) = try await leave("\(scheme)://127.0.0.1:\(server.port)")
        #expect(reason?.isPassing == true)
        #expect(time > .seconds(11) && time < .seconds(28))
        #expect(server.connectionCount == 2)
    }

    @Test func `a hub that fails slowly is asked twice`() async throws {
        let server = try StubServer { _ in
            var response = StubResponse(503)
            response.trouble.delay = .seconds(5)
            return response
        }
        let id = try #require(RepositoryID("org/model"))
        let failure = await refusal { try await HubClient(server.url).revision("main", of: id) }
        guard case .server(503, nil) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(server.requests.count == 2)
    }

    @Test func `a hub whose certificate nobody knows is left at once`() async throws {
        let server = try await TLSServer()
        let (reason, _) = try await leave(server.url)
        withExtendedLifetime(server) {}
        guard case .untrusted = reason else {
            Issue.record("\(String(describing: reason))")
            return
        }
        #expect(reason?.isPassing == false)
    }
}
