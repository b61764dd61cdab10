/// A server in a few words of shell, for containers that must be ready: whatever it is asked, it answers like an inference
/// server with one model that has just completed something.
public enum TinyServer {
    /// Serves at `$PORT` of all addresses until it is ended.
    public static let script = """
        nc -ll -p $PORT -e /bin/sh -c 'dd bs=65536 count=1 >/dev/null 2>&1; \
        printf "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 24\\r\\n\\r\\n{\\"data\\":[{\\"id\\":\\"tiny\\"}]}"'
        """
}
