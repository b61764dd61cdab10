import CCurl
import Glibc
import Platform
import Synchronization
import SystemPackage

/// One exchange as libcurl sees it: an easy handle and what its callbacks have gathered.
///
/// After `whenDone`, only the loop's thread touches it, but for `isCancelled`.
final class CurlExchange: @unchecked Sendable {
    /// How soon a receiver that had no room is asked again.
    private static let patience = Duration.milliseconds(5)
    let handle: OpaquePointer
    private let onHead: @Sendable (HTTPHead) throws -> Void
    private let onBody: @Sendable (RawSpan) throws -> Void
    private let stallTimeout: Duration
    private let totalTimeout: Duration?
    private let rateLimit: RateLimit?
    private let hasRoom: (@Sendable () -> Bool)?
    private var gathered: GatheredBody?
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
    /// When a line that was paused is read again.
    private(set) var pausedUntil: ContinuousClock.Instant?
    /// Since when bytes that are here are not let through.
    private(set) var waitsSince: ContinuousClock.Instant?

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
        rateLimit = request.rateLimit
        hasRoom = request.hasRoom
        gathered = request.pieceSize > 0 ? GatheredBody(capacity: Int(request.pieceSize.bytes)) : nil
        requestBody = request.body ?? []
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try request.check()
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
        // A name that is being looked up when its exchange ends must not hold up the thread of all others.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(
            CURLOPT_BUFFERSIZE,
            Int((request.rateLimit == nil ? request.receiveBuffer : RateLimit.receiveBuffer).bytes)
        )
        request.setRoute(of: raw)
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
            fields.append((line[..<colon].lowercased(), String(line[line.index(after: colon)...].trimmed)))
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
        let now = ContinuousClock.now
        lastActivity = now
        let isFull = hasRoom.map { !$0() } ?? false
        if let time = isFull ? now + Self.patience : rateLimit?.admit(bytes.count, at: now) {
            pausedUntil = time
            waitsSince = waitsSince ?? now
            // libcurl keeps the bytes and brings them again.
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        waitsSince = nil
        do {
            if gathered == nil { try onBody(bytes.bytes) }
            try gathered?.append(bytes, at: now, onBody)
        } catch {
            gathered = nil
            failure = error as? TransportError ?? .refused(error)
            return 0
        }
        return bytes.count
    }

    /// Hands on what has waited for more; `false` if the receiver refuses it.
    func handOnIfDue(at now: ContinuousClock.Instant) -> Bool {
        guard gathered?.hasWaited(at: now) == true else { return true }
        do { try gathered?.handOn(onBody) } catch {
            gathered = nil
            failure = error as? TransportError ?? .refused(error)
            return false
        }
        return true
    }

    /// Reads on where the budget has let it stop and is no longer overdrawn.
    func resumeIfDue(at now: ContinuousClock.Instant) {
        guard let time = pausedUntil, time <= now else { return }
        pausedUntil = nil
        lastActivity = now
        curl_easy_pause(raw, CURLPAUSE_CONT)
    }

    /// Whether no byte has come for too long.
    func isStalled(at now: ContinuousClock.Instant) -> Bool {
        if let totalTimeout, let began, now - began > totalTimeout { return true }
        return pausedUntil == nil && now - lastActivity > stallTimeout
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
        // What has come is worth keeping also where the exchange failed.
        do { try gathered?.handOn(onBody) } catch {
            failure = failure ?? error as? TransportError ?? .refused(error)
        }
        gathered = nil
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
        return TransportError(code, text.isEmpty ? nil : text, isConnected: head != nil)
    }
}
