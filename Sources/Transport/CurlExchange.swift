import CCurl
import Glibc
import Platform
import Synchronization
import SystemPackage

/// One exchange as libcurl sees it: an easy handle and what its callbacks have gathered.
///
/// After `whenDone`, only the loop's thread touches it, but for `isCancelled`.
final class CurlExchange: @unchecked Sendable {
    let handle: OpaquePointer
    private let onHead: @Sendable (HTTPHead) throws -> Void
    private let onBody: @Sendable (RawSpan) throws -> Void
    private let stallTimeout: Duration
    private let totalTimeout: Duration?
    private let requestBody: [UInt8]
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var completion: (@Sendable (Result<HTTPHead, TransportError>) -> Void)?

    private var status = 0
    private var fields: [(name: String, value: String)] = []
    private var fieldBytes = 0
    private var head: HTTPHead?
    private var failure: TransportError?
    private var lastActivity = ContinuousClock.now
    private var began: ContinuousClock.Instant?

    let isCancelled = Atomic<Bool>(false)

    init(
        _ request: HTTPRequest,
        onHead: @escaping @Sendable (HTTPHead) throws -> Void,
        onBody: @escaping @Sendable (RawSpan) throws -> Void
    ) throws(TransportError) {
        guard let handle = curl_easy_init() else { preconditionFailure("libcurl has no memory for a handle") }
        self.handle = OpaquePointer(handle)
        self.onHead = onHead
        self.onBody = onBody
        stallTimeout = request.stallTimeout
        totalTimeout = request.totalTimeout
        requestBody = request.body ?? []
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard request.url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            request.headers.allSatisfy({ pair in
                !pair.name.isEmpty
                    && pair.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
                    && pair.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            })
        else { throw .invalidURL("it or a header field holds a control character or a space") }
        guard request.url.hasPrefix("http://") || request.url.hasPrefix("https://") else {
            throw .invalidURL("it begins with neither http:// nor https://")
        }
        configure(request)
    }

    deinit {
        curl_easy_cleanup(raw)
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(handle) }

    func whenDone(_ completion: @escaping @Sendable (Result<HTTPHead, TransportError>) -> Void) {
        self.completion = completion
    }

    private func configure(_ request: HTTPRequest) {
        set(CURLOPT_URL, request.url)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_USERAGENT, "stackctl")
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_BUFFERSIZE, Int(request.receiveBuffer.bytes))
        set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.milliseconds)
        // libcurl itself looks at neither variable; users of other tools expect both.
        for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE"] {
            if let file = Environment.process[name] { set(CURLOPT_CAINFO, file) }
        }
        if let socket = request.unixSocket {
            set(CURLOPT_UNIX_SOCKET_PATH, socket.string)
            set(CURLOPT_NOPROXY, "*")
        }
        switch request.method {
        case .get: break
        case .head: set(CURLOPT_NOBODY, 1)
        case .post, .put, .delete: set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        if request.body != nil || request.method == .post { attachBody() }
        // `Expect` would cost a round trip on every upload.
        for (name, value) in request.headers + [("Expect", "")] {
            headerList = curl_slist_append(headerList, value.isEmpty ? "\(name):" : "\(name): \(value)")
        }
        curl_shim_set_list(raw, CURLOPT_HTTPHEADER, headerList)
        curl_shim_set_pointer(raw, CURLOPT_ERRORBUFFER, errorText)
        attachCallbacks()
    }

    private func attachBody() {
        curl_shim_set_offset(raw, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(requestBody.count))
        requestBody.withUnsafeBytes { bytes in
            // Copied by libcurl: the array's memory is not ours to keep a pointer into.
            _ = curl_shim_set_pointer(
                raw,
                CURLOPT_COPYPOSTFIELDS,
                UnsafeMutableRawPointer(mutating: bytes.baseAddress)
            )
        }
    }

    private func attachCallbacks() {
        let this = Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_PRIVATE, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA] {
            curl_shim_set_pointer(raw, option, this)
        }
        curl_shim_set_callback(raw, CURLOPT_HEADERFUNCTION) { bytes, size, count, this in
            CurlExchange.from(this).receiveHeaderLine(
                UnsafeRawBufferPointer(start: bytes, count: size * count)
            )
        }
        curl_shim_set_callback(raw, CURLOPT_WRITEFUNCTION) { bytes, size, count, this in
            CurlExchange.from(this).receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
    }

    private func set(_ option: CURLoption, _ value: String) { curl_shim_set_string(raw, option, value) }
    private func set(_ option: CURLoption, _ value: Int) { curl_shim_set_long(raw, option, value) }

    static func from(_ pointer: UnsafeMutableRawPointer?) -> CurlExchange {
        guard let pointer else { preconditionFailure("libcurl lost the exchange") }
        return Unmanaged<CurlExchange>.fromOpaque(pointer).takeUnretainedValue()
    }

    // MARK: On the loop's thread

    private func receiveHeaderLine(_ bytes: UnsafeRawBufferPointer) -> Int {
        lastActivity = .now
        fieldBytes += bytes.count
        guard fieldBytes <= 256 * 1024 else {
            failure = .broken("the header of the answer does not end")
            return 0
        }
        let line = String(decoding: bytes, as: UTF8.self).trimmed
        if let first = bytes.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t"), !fields.isEmpty
        {
            // The rest of the line before, in the old style: whatever it looks like, it is no field of its own.
            fields[fields.count - 1].value += " " + line
        } else if line.hasPrefix("HTTP/") {
            fields = []
            status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        } else if let colon = line.firstIndex(of: ":") {
            fields.append((line[..<colon].lowercased(), String(line[line.index(after: colon)...]).trimmed))
        } else if line.isEmpty, status >= 200, head == nil {
            let head = HTTPHead(status: status, headers: fields)
            self.head = head
            do { try onHead(head) } catch {
                failure = .refused(error)
                return 0
            }
        }
        return bytes.count
    }

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        lastActivity = .now
        do { try onBody(bytes.bytes) } catch {
            failure = error as? TransportError ?? .refused(error)
            return 0
        }
        return bytes.count
    }

    /// Whether no byte has come for too long.
    func isStalled(at now: ContinuousClock.Instant) -> Bool {
        if let totalTimeout, let began, now - began > totalTimeout { return true }
        return now - lastActivity > stallTimeout
    }

    /// Starts the clock of silence.
    func begin() {
        lastActivity = .now
        began = lastActivity
    }

    /// Tells the caller; `code` is libcurl's verdict, `nil` if the loop ended it.
    func finish(_ code: CURLcode?, _ reason: TransportError? = nil) {
        guard let completion else { return }
        self.completion = nil
        if let error = reason ?? failure ?? code.flatMap(transportError) {
            completion(.failure(error))
        } else if let head {
            completion(.success(head))
        } else {
            completion(.failure(.broken("the answer has no head")))
        }
    }

    private func transportError(_ code: CURLcode) -> TransportError? {
        let text = String(cString: errorText)
        let reason = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        return switch code {
        case CURLE_OK: nil
        case CURLE_URL_MALFORMAT: .invalidURL(reason)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .unknownHost(reason)
        case CURLE_COULDNT_CONNECT: .cannotConnect(reason)
        case CURLE_OPERATION_TIMEDOUT: head == nil ? .cannotConnect(reason) : .timedOut
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM:
            .untrusted(reason)
        default: .broken(reason)
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        let isBlank = { (character: Character) in character.isWhitespace || character.isNewline }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) })
        else {
            return ""
        }
        return String(self[first...last])
    }
}

extension Duration {
    fileprivate var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
