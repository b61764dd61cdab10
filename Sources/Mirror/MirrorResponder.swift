import HTTPTypes
import Hummingbird
import NIOCore
import Platform
import Synchronization

/// Turns what the routes answer into what is sent, and tells of each request once it is over.
struct MirrorResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let routes: Routes
    let gate: Guard
    let onExchange: @Sendable (MirrorExchange) -> Void

    /// The parts in which a file is read: large enough for the disk, small enough for many clients.
    private static let chunk: Int64 = 1 << 19
    /// A client names the paths that it wants to know of in a body; nothing else needs one.
    private static let longestBody = 4 << 20

    func respond(to request: Request, context: Context) async throws -> Response {
        let asked = Asked(request.head)
        var problem: String?
        let answer: Answer
        do {
            try gate.check(asked)
            answer = try await routes.answer(asked) {
                do {
                    return Array(try await request.body.collect(upTo: Self.longestBody).readableBytesView)
                } catch is NIOTooManyBytesError {
                    throw Refusal(status: .contentTooLarge, message: "Body too large")
                }
            }
        } catch let refusal as Refusal {
            answer = refusal.answer
        } catch {
            problem = "\(error)"
            answer = Refusal(status: .internalServerError, message: "The mirror cannot read it").answer
        }
        return response(answer, MirrorExchange(asked, answer, problem))
    }

    private func response(_ answer: Answer, _ exchange: MirrorExchange) -> Response {
        var fields = answer.fields
        let length = answer.content.length
        fields[.contentLength] = answer.status == .notModified ? nil : "\(length)"
        var response: Response
        if exchange.method == "HEAD" || length == 0 {
            onExchange(exchange)
            response = Response(status: answer.status, headers: fields)
        } else {
            response = Response(status: answer.status, headers: fields, body: body(answer.content, exchange))
        }
        if answer.status == .notModified { response.headers[.contentLength] = nil }
        return response
    }

    private func body(_ content: Answer.Content, _ exchange: MirrorExchange) -> ResponseBody {
        ResponseBody(contentLength: Int(content.length)) { [onExchange, threads = routes.threads] writer in
            var exchange = exchange
            defer { onExchange(exchange) }
            switch content {
            case .bytes(let bytes):
                try await writer.write(ByteBuffer(bytes: bytes))
                exchange.sent = ByteCount(Int64(bytes.count))
            case .file(let file, let offset, let length):
                while exchange.sent.bytes < length {
                    try Task.checkCancellation()
                    let position = offset + exchange.sent.bytes
                    let count = Int(min(Self.chunk, length - exchange.sent.bytes))
                    let bytes = try await threads.run { try file.read(at: position, count: count) }
                    // A file that was cut has fewer bytes than announced: only breaking the line says so.
                    guard bytes.count == count else { throw ChangedFile(path: file.path) }
                    // Waits until the client has taken most of what came before.
                    try await writer.write(ByteBuffer(bytes: bytes))
                    exchange.sent += ByteCount(Int64(count))
                }
            }
            try await writer.finish(nil)
        }
    }
}
