import Testing
import Transport

struct OriginTests {
    @Test(arguments: [
        ("http://hub", "http://hub:80"), ("https://hub", "https://hub:443"),
        ("https://hub:443/a", "https://hub:443"),
        ("HTTPS://Hub.Example/a?b#c", "https://hub.example:443"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080"),
        ("http://[::1]/x", "http://[::1]:80"), ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://hub?x://y", "http://hub:80"), ("http://hub#@evil", "http://hub:80"),
    ])
    func `an origin is scheme, host and port`(url: String, origin: String) {
        #expect(Origin(url).map { "\($0)" } == origin)
    }

    @Test(arguments: [
        "", "hub", "/path", "//hub/x", "ftp://hub", "file:///etc/passwd", "javascript://x", "http://",
        "http:///x",
        "http://hub:port", "http://hub:", "http://a:1:2", "http://user@hub/", "http://user:secret@hub/",
        "https://huggingface.co@evil.example/", "http://hub:99999999999999999999",
    ])
    func `what is no plain address has no origin`(url: String) {
        #expect(Origin(url) == nil)
    }

    @Test(arguments: [
        ("https://hub", "https://cdn", true), ("http://hub", "http://cdn", true),
        ("http://hub", "https://cdn", true),
        ("https://hub", "http://cdn", false), ("https://hub", "http://hub", false),
    ])
    func `no redirect leads out of TLS`(from: String, to: String, isAllowed: Bool) throws {
        #expect(try #require(Origin(from)).mayLead(to: try #require(Origin(to))) == isAllowed)
    }
}
