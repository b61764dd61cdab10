import Mirror
import Testing

struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:9000", "127.0.0.1", 9000), ("[::1]:9000", "::1", 9000), (":9000", "0.0.0.0", 9000),
        ("9000", "127.0.0.1", 9000), ("localhost", "localhost", ListenAddress.defaultPort),
        ("0.0.0.0:0", "0.0.0.0", 0),
        ("[::]", "::", ListenAddress.defaultPort), ("gpu-1.lan:80", "gpu-1.lan", 80),
        ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
    ])
    func `an address is read as people write it`(_ text: String, _ host: String, _ port: Int) {
        #expect(ListenAddress(parsing: text) == ListenAddress(host: host, port: port))
    }

    @Test(arguments: [
        "", ":", "::1", "a:b", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "[::1", "[::1]9000", "[]:1",
        "[1.2.3.4]:1", "a:1:2",
        "http://a:1", "a b:1", "127.0.0.1:99999999999999999999",
    ])
    func `what is no address is refused`(_ text: String) {
        #expect(ListenAddress(parsing: text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.0.9", true), ("localhost", true), ("::1", true), ("0.0.0.0", false),
        ("::", false),
        ("192.168.1.2", false), ("127.1", false), ("127.0.0.1.example.org", false), ("127.0.0.256", false),
        ("localhost.example.org", false), ("", false),
    ])
    func `only what is surely this host is loopback`(_ host: String, _ isLoopback: Bool) {
        #expect(ListenAddress(host: host, port: 1).isLoopback == isLoopback)
    }

    @Test func `an IPv6 address is shown in brackets`() {
        #expect("\(ListenAddress(host: "::1", port: 80))" == "[::1]:80")
        #expect("\(ListenAddress.standard)" == "127.0.0.1:8090")
    }
}
