import Testing

@testable import Hub

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
        ("http://hub/a", "https://hub/a"), ("http://hub/a", "http://hub:8080/a"),
        ("http://hub/a", "http://hub.evil/a"),
        ("https://hub:443", "https://hub:444"), ("https://huggingface.co", "https://huggingface.co.evil"),
        ("https://huggingface.co", "http://huggingface.co"),
        ("https://huggingface.co", "https://huggingface.co:8443"),
        ("http://mirror:8080", "https://huggingface.co"), ("https://huggingface.co", "http://mirror:8080"),
    ])
    func `one origin does not trust another`(one: String, other: String) throws {
        let (home, origin) = (try #require(Origin(one)), try #require(Origin(other)))
        #expect(home != origin)
        #expect(!home.trusts(origin))
    }

    @Test(arguments: [
        ("https://huggingface.co", "https://hf.co/x"), ("https://hf.co", "https://huggingface.co:443/"),
        ("http://mirror:8080/a", "HTTP://MIRROR:8080/b"),
    ])
    func `an origin trusts itself, and the hub its other names`(one: String, other: String) throws {
        #expect(try #require(Origin(one)).trusts(try #require(Origin(other))))
    }

    @Test(arguments: [
        ("https://hub", "https://cdn", true), ("http://hub", "http://cdn", true),
        ("http://hub", "https://cdn", true),
        ("https://hub", "http://cdn", false), ("https://hub", "http://hub", false),
    ])
    func `no redirect leads out of TLS`(from: String, to: String, isAllowed: Bool) throws {
        #expect(try #require(Origin(from)).mayLead(to: try #require(Origin(to))) == isAllowed)
    }

    @Test(arguments: [
        ("/x?y", "http://hub:8080/x?y"), ("http://cdn/x", "http://cdn/x"), ("https://cdn/x", "https://cdn/x"),
    ])
    func `a path is resolved against the address that was asked`(location: String, url: String) {
        #expect(resolve(location, against: "http://hub:8080/a/b?c") == url)
    }

    @Test(arguments: ["", "x", "../x", "//evil/x", "ftp://evil/x", "file:///etc/passwd", "?x", "#x"])
    func `what is neither an address nor a path is not resolved`(location: String) {
        #expect(resolve(location, against: "http://hub:8080/a/b") == nil)
    }
}
