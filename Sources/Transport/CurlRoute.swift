import CCurl
import Glibc
import Platform
import SystemPackage

/// How libcurl comes to the other side: connections, proxies, certificates. It lives as long as the handle.
final class CurlRoute: Sendable {
    private let request: HTTPRequest

    init(_ request: HTTPRequest) { self.request = request }

    func apply(to handle: UnsafeMutableRawPointer) {
        func set(_ option: CURLoption, _ value: String) { curl_shim_set_string(handle, option, value) }
        func set(_ option: CURLoption, _ value: Int) { curl_shim_set_long(handle, option, value) }
        set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.milliseconds)
        // libcurl itself looks at neither variable; users of other tools expect both.
        for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE"] {
            if let file = Environment.process[name] { set(CURLOPT_CAINFO, file) }
        }
        if let identity = request.identity {
            if let file = identity.authorities { set(CURLOPT_CAINFO, file.string) }
            if let file = identity.certificate { set(CURLOPT_SSLCERT, file.string) }
            if let file = identity.key { set(CURLOPT_SSLKEY, file.string) }
            if !identity.verifiesServer {
                set(CURLOPT_SSL_VERIFYPEER, 0)
                set(CURLOPT_SSL_VERIFYHOST, 0)
            }
        }
        if let socket = request.unixSocket { set(CURLOPT_UNIX_SOCKET_PATH, socket.string) }
        if request.unixSocket != nil || !request.usesProxy { set(CURLOPT_NOPROXY, "*") }
        if request.line == nil { keepFromChildren(handle) } else { useLine(on: handle) }
    }

    /// A process that is started here must not hold a connection open that this one has closed.
    private func keepFromChildren(_ handle: UnsafeMutableRawPointer) {
        curl_shim_set_socket_option(handle) { _, socket, _ in
            fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 ? Int32(CURL_SOCKOPT_OK) : Int32(CURL_SOCKOPT_ERROR)
        }
    }

    private func useLine(on handle: UnsafeMutableRawPointer) {
        curl_shim_set_pointer(handle, CURLOPT_OPENSOCKETDATA, Unmanaged.passUnretained(self).toOpaque())
        curl_shim_set_open_socket(handle) { this, _, _ in
            guard let this else { return CURL_SOCKET_BAD }
            let route = Unmanaged<CurlRoute>.fromOpaque(this).takeUnretainedValue()
            do throws(SystemError) { return try route.request.line?() ?? CURL_SOCKET_BAD } catch {
                errno = error.errno.rawValue
                return CURL_SOCKET_BAD
            }
        }
        curl_shim_set_socket_option(handle) { _, _, _ in Int32(CURL_SOCKOPT_ALREADY_CONNECTED) }
    }
}

extension HTTPRequest {
    /// Refuses what would end up in the head as something else than it is.
    func check() throws(TransportError) {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            headers.allSatisfy({ pair in
                !pair.name.isEmpty
                    && pair.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
                    && pair.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            })
        else { throw .invalidURL("it or a header field holds a control character or a space") }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw .invalidURL("it begins with neither http:// nor https://")
        }
    }
}

extension TransportError {
    /// What libcurl's verdict means; `nil` if all went well.
    init?(_ code: CURLcode, _ text: String?, isConnected: Bool) {
        let reason = text ?? String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_OK: return nil
        case CURLE_URL_MALFORMAT: self = .invalidURL(reason)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .unknownHost(reason)
        case CURLE_COULDNT_CONNECT: self = .cannotConnect(reason)
        case CURLE_OPERATION_TIMEDOUT: self = isConnected ? .timedOut : .cannotConnect(reason)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM:
            self = .untrusted(reason)
        default: self = .broken(reason)
        }
    }
}

extension Duration {
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(min(seconds, 1 << 40)) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
