import TestSupport
import Testing
import Transport

struct CancellationTests {
    private func expectCancelled(
        _ task: Task<TransportError?, Never>,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let failure = await task.value
        guard case .cancelled = failure else {
            Issue.record("\(String(describing: failure))", sourceLocation: sourceLocation)
            return
        }
        #expect(failure?.isPassing == false, sourceLocation: sourceLocation)
    }

    @Test func `an exchange that was cancelled before it began asks nobody`() async throws {
        let server = try StubServer { _ in StubResponse(text: "too late") }
        let url = server.url
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await transportError { try await HTTPClient.shared.fetch(HTTPRequest(.get, url)) }
        }
        await expectCancelled(task)
        #expect(server.requests.isEmpty)
    }

    @Test func `an exchange can be cancelled while the server thinks`() async throws {
        let server = try StubServer { _ in
            var response = StubResponse(text: "too late")
            response.trouble.delay = .seconds(3600)
            return response
        }
        let url = server.url
        let task = Task { await transportError { try await HTTPClient.shared.fetch(HTTPRequest(.get, url)) } }
        #expect(try await server.waitUntil { !$0.isEmpty })
        task.cancel()
        await expectCancelled(task)
        #expect(try await server.waitUntil { $0.first?.ended != nil })
    }

    @Test func `an exchange can be cancelled in the middle of the body`() async throws {
        let server = try StubServer { _ in
            var response = StubResponse(content: .generated(size: 100_000))
            response.trouble.stallAfter = 50_000
            return response
        }
        let url = server.url
        let log = Log()
        let task = Task {
            await transportError {
                try await HTTPClient.shared.stream(HTTPRequest(.get, url)) { _ in
                } onBody: { bytes in
                    log.append(bytes)
                }
            }
        }
        while log.bytes.count < 50_000 { try await Task.sleep(for: .milliseconds(2)) }
        task.cancel()
        await expectCancelled(task)
        #expect(log.bytes.count == 50_000)
    }

    @Test func `cancelling one exchange leaves the others alone`() async throws {
        let server = try StubServer { request in
            var response = StubResponse(text: request.target)
            if request.target == "/slow" { response.trouble.delay = .seconds(3600) }
            return response
        }
        let url = server.url
        let slow = (0..<5).map { _ in
            Task {
                await transportError { try await HTTPClient.shared.fetch(HTTPRequest(.get, "\(url)/slow")) }
            }
        }
        #expect(try await server.waitUntil { $0.count == 5 })
        for task in slow { task.cancel() }
        let response = try await HTTPClient.shared.fetch(HTTPRequest(.get, "\(url)/quick"))
        #expect(response.body == Array("/quick".utf8))
        for task in slow { await expectCancelled(task) }
    }
}
