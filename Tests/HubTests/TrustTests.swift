import Testing
import Transport

@testable import Hub

struct TrustTests {
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
