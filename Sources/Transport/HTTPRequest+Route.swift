import CCurl
import Platform
import SystemPackage

extension HTTPRequest {
    /// Tells libcurl how to come to the other side: connections, proxies, certificates.
    func setRoute(of handle: UnsafeMutableRawPointer) {
        func set(_ option: CURLoption, _ value: String) { curl_shim_set_string(handle, option, value) }
        func set(_ option: CURLoption, _ value: Int) { curl_shim_set_long(handle, option, value) }
        set(CURLOPT_CONNECTTIMEOUT_MS, connectTimeout.milliseconds)
        // libcurl itself looks at neither variable; users of other tools expect both.
        for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE"] {
            if let file = Environment.process[name] { set(CURLOPT_CAINFO, file) }
        }
        if let identity = identity {
            if let file = identity.authorities { set(CURLOPT_CAINFO, file.string) }
            if let file = identity.certificate { set(CURLOPT_SSLCERT, file.string) }
            if let file = identity.key { set(CURLOPT_SSLKEY, file.string) }
            if !identity.verifiesServer {
                set(CURLOPT_SSL_VERIFYPEER, 0)
                set(CURLOPT_SSL_VERIFYHOST, 0)
            }
        }
        if let socket = unixSocket { set(CURLOPT_UNIX_SOCKET_PATH, socket.string) }
        if let name = abstractSocket { set(CURLOPT_ABSTRACT_UNIX_SOCKET, name) }
        if isLocal || !usesProxy { set(CURLOPT_NOPROXY, "*") }
    }

    /// Whether it goes to a socket of this machine, where the names in URLs are made up.
    var isLocal: Bool { unixSocket != nil || abstractSocket != nil }

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
        let reason = withoutUserinfo(text ?? String(cString: curl_easy_strerror(code)))
        switch code {
        case CURLE_OK: return nil
        case CURLE_URL_MALFORMAT: self = .invalidURL(reason)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .unknownHost(reason)
        case CURLE_COULDNT_CONNECT: self = .cannotConnect(reason)
        case CURLE_OPERATION_TIMEDOUT: self = isConnected ? .timedOut : .cannotConnect(reason)
        // A handshake that fails otherwise is a line that broke: most often it did.
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM:
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
