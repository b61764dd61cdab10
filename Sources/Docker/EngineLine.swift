import Platform
import Synchronization
import SystemPackage
import Transport

/// What the engine is asked.
struct Question {
    let method: HTTPRequest.Method
    let path: String
    let isVersioned: Bool
    /// What is named when the engine does not know it.
    let subject: String
    var query: [(name: String, value: String?)] = []
    var body: [UInt8]?
    /// How long the engine may take without a word; the line's own patience if `nil`.
    var patience: Duration?

    init(
        _ method: HTTPRequest.Method,
        _ path: String,
        subject: String,
        query: [(name: String, value: String?)] = [],
        patience: Duration? = nil
    ) {
        (self.method, self.path, self.subject, self.query) = (method, path, subject, query)
        self.patience = patience
        isVersioned = true
    }

    init(_ method: HTTPRequest.Method, unversioned path: String, subject: String) {
        (self.method, self.path, self.subject) = (method, path, subject)
        isVersioned = false
    }

    /// The same question with a document.
    func with(_ document: some Encodable) throws(DockerError) -> Question {
        var question = self
        do { question.body = try JSON.encodeLine(document) } catch { throw .unexpected("\(error)") }
        return question
    }

    /// The part of the address behind the version; names without a value are left out.
    var target: String {
        let pairs = query.compactMap { pair in pair.value.map { "\(pair.name)=\($0.percentEncoded())" } }
        return path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }
}

extension Duration {
    /// For what ends when it ends: a container that stops, a log that is followed.
    static let unlimited = Duration.seconds(10 * 365 * 86_400)
}

/// How questions reach the engine, and what its answers mean.
final class EngineLine: Sendable {
    let agreed = Mutex<EngineVersion?>(nil)
    private let address: EngineAddress
    private let patience: Duration
    private let ssh: SSHLine?

    init(_ address: EngineAddress, environment: Environment, patience: Duration) {
        self.address = address
        self.patience = patience
        if case .ssh(let destination) = address.place {
            ssh = SSHLine(destination, environment: environment)
        } else {
            ssh = nil
        }
    }

    /// Whether the engine is at a socket of this machine.
    var isLocal: Bool {
        if case .socket = address.place { return true }
        return false
    }

    // MARK: Asking

    /// Asks for a whole answer; a status that means a refusal is thrown, 304 is not.
    func send(_ question: Question) async throws(DockerError) -> HTTPResponse {
        let response = try await answer(to: question)
        if let refusal = Self.refusal(response.head.status, response.body, question) { throw refusal }
        return response
    }

    private func answer(to question: Question) async throws(DockerError) -> HTTPResponse {
        if question.isVersioned, question.method == .get, agreed.withLock({ $0 }) == nil {
            // Asked without a version, an engine answers in its own and says which that is: nothing need be agreed on
            // before, and where it is one that is not spoken here, nothing was done.
            let response = try await fetch(try await request(question, version: ""))
            if let theirs = response.head.engineVersion, (.oldest ... .newest).contains(theirs) {
                agreed.withLock { $0 = theirs }
                return response
            }
        }
        return try await fetch(try await request(question))
    }

    private func fetch(_ request: HTTPRequest) async throws(DockerError) -> HTTPResponse {
        do throws(TransportError) { return try await HTTPClient.shared.fetch(request) } catch {
            throw await meaning(of: error)
        }
    }

    /// Asks for an answer that comes bit by bit.
    func open(_ question: Question) async throws(DockerError) -> HTTPStream {
        let request = try await request(question)
        let stream: HTTPStream
        var body: [UInt8] = []
        do throws(TransportError) {
            stream = try await HTTPStream.open(request)
            if stream.head.status == 200 { return stream }
            while body.count < 65_536, let more = try await stream.next() { body += more }
        } catch { throw await meaning(of: error) }
        throw Self.refusal(stream.head.status, body, question) ?? .unexpected("status \(stream.head.status)")
    }

    /// Asks for a connection that both sides use as they like.
    func takeOver(_ question: Question) async throws(DockerError) -> HTTPConnection {
        let request = try await request(question)
        let answer: HTTPConnection.Answer
        do throws(TransportError) { answer = try await HTTPConnection.open(request, protocol: "tcp") } catch {
            throw await meaning(of: error)
        }
        switch answer {
        case .handedOver(let connection, _): return connection
        case .refused(let response):
            let status = response.head.status
            throw Self.refusal(status, response.body, question) ?? .unexpected("status \(status)")
        }
    }

    private func request(_ question: Question) async throws(DockerError) -> HTTPRequest {
        try await request(question, version: question.isVersioned ? "/v\(try await version())" : "")
    }

    private func request(_ question: Question, version: String) async throws(DockerError) -> HTTPRequest {
        var request = HTTPRequest(question.method, base + version + question.target, body: question.body)
        if question.body != nil { request.headers.append((name: "Content-Type", value: "application/json")) }
        request.connectTimeout = .seconds(3)
        request.stallTimeout = question.patience ?? patience
        request.usesProxy = false
        switch address.place {
        case .socket(let path):
            try check(path)
            request.unixSocket = path
        case .network(_, _, let identity):
            request.connectTimeout = .seconds(10)
            request.identity = identity
        case .ssh:
            request.abstractSocket = try ssh?.socketName()
            // A person may have to be asked for a password.
            request.stallTimeout = max(request.stallTimeout, .seconds(120))
        }
        return request
    }

    private var base: String {
        switch address.place {
        case .socket, .ssh: "http://docker"
        case .network(let host, let port, let identity):
            "\(identity == nil ? "http" : "https")://\(host):\(port)"
        }
    }

    // MARK: What went wrong

    /// Says beforehand what the failure to connect would not say.
    private func check(_ socket: FilePath) throws(DockerError) {
        if FileAccess.isGranted(socket) { return }
        let isThere: Bool
        do throws(SystemError) { isThere = try FileSystem.status(socket) != nil } catch {
            // In a folder that is closed to us nothing is to be seen.
            throw .noPermission(socket, nil)
        }
        guard isThere else { throw .noEngine(address) }
        if let access = FileAccess(socket), !access.isGranted { throw .noPermission(socket, access) }
    }

    func meaning(of error: TransportError) async -> DockerError {
        if case .cancelled = error { return .cancelled }
        if let ssh, error.isPassing, let words = await ssh.complaint() {
            return .sshFailed(ssh.destination, words.isEmpty ? "\(error)" : words)
        }
        if case .broken = error { return .brokenOff(error) }
        return .unreachable(error)
    }

    /// What a status says; `nil` if it is no refusal.
    private static func refusal(_ status: Int, _ body: [UInt8], _ question: Question) -> DockerError? {
        struct Refusal: Decodable { let message: String }
        if (200..<300).contains(status) || status == 304 { return nil }
        let message = (try? JSON.decode(Refusal.self, from: body))?.message
        switch status {
        // Where the path itself is not known, there is no document that says what is missing.
        case 404: return message == nil ? .unsupported(question.subject) : .notFound(question.subject)
        case 409: return .conflict(message ?? "no reason given")
        default: return .engine(status: status, message ?? "no reason given")
        }
    }

    static func decode<Document: Decodable>(_ type: Document.Type, _ response: HTTPResponse)
        throws(DockerError) -> Document
    {
        do { return try JSON.decode(type, from: response.body) } catch { throw .unexpected("\(error)") }
    }
}

extension DockerClient {
    /// Asks for a document.
    func get<Document: Decodable>(
        _ path: String,
        subject: String,
        query: [(name: String, value: String?)] = []
    ) async throws(DockerError) -> Document {
        try await EngineLine.decode(
            Document.self,
            line.send(Question(.get, path, subject: subject, query: query))
        )
    }

    /// Has something done; tells whether anything was to be done.
    @discardableResult
    func post(
        _ path: String,
        subject: String,
        query: [(name: String, value: String?)] = [],
        patience: Duration? = nil
    ) async throws(DockerError) -> Bool {
        let question = Question(.post, path, subject: subject, query: query, patience: patience)
        return try await line.send(question).head.status != 304
    }
}
