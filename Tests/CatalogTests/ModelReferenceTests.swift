import Catalog
import Platform
import SystemPackage
import Testing

/// A text that a person types, what it means in the words of `describe`, and its canonical form.
struct ReferenceCase: CustomTestStringConvertible, Sendable {
    let text: String
    let meaning: String
    let canonical: String
    var testDescription: String { text }

    init(_ text: String, _ meaning: String, _ canonical: String? = nil) {
        self.text = text
        self.meaning = meaning
        self.canonical = canonical ?? text
    }
}

struct ModelReferenceTests {
    private static let environment: Environment = ["HOME": "/home/ada"]

    private func parse(_ text: String) throws(ModelReferenceError) -> ModelReference {
        try ModelReference(parsing: text, environment: Self.environment)
    }

    private func describe(_ reference: ModelReference) -> String {
        let source =
            switch reference.source {
            case .catalog(let name, let tag): "catalog \(name) tag=\(tag ?? "-")"
            case .repository(let id): "repository \(id)"
            case .repositoryFile(let id, let path): "file \(id) path=\(path)"
            case .ollama(let name): "ollama \(name.endpoint) \(name.repository) tag=\(name.tag)"
            case .local(let path): "local \(path)"
            }
        return source + (reference.quantization.map { " quant=\($0)" } ?? "")
            + (reference.revision.map { " rev=\($0)" } ?? "")
    }

    static let catalog: [ReferenceCase] = [
        .init("qwen2.5-coder", "catalog qwen2.5-coder tag=-"),
        .init("qwen2.5-coder:32b", "catalog qwen2.5-coder tag=32b"),
        .init("llama3:8b", "catalog llama3 tag=8b"),
        .init("qwen2.5-coder:7b-q5_k_m", "catalog qwen2.5-coder tag=7b quant=q5_k_m"),
        .init(
            "Qwen2.5-Coder:7B-Q5-K-M",
            "catalog qwen2.5-coder tag=7b quant=q5_k_m",
            "qwen2.5-coder:7b-q5_k_m"
        ),
        .init("mistral:7b-v0.2", "catalog mistral tag=7b-v0.2"),
        .init("mistral:7b-v0.2-q4", "catalog mistral tag=7b-v0.2 quant=q4_k_m", "mistral:7b-v0.2-q4_k_m"),
        .init("llama2:7b-instruct-q4_0", "catalog llama2 tag=7b-instruct quant=q4_0"),
        .init("llama2:7b-chat-fp16", "catalog llama2 tag=7b-chat quant=f16", "llama2:7b-chat-f16"),
        .init("qwen3:30b-a3b", "catalog qwen3 tag=30b-a3b"),
        .init(
            "qwen3:30b-a3b-UD-Q4_K_XL",
            "catalog qwen3 tag=30b-a3b quant=ud_q4_k_xl",
            "qwen3:30b-a3b-ud_q4_k_xl"
        ),
        .init("qwen3:8b-i1-iq4_xs", "catalog qwen3 tag=8b quant=i1_iq4_xs", "qwen3:8b-i1_iq4_xs"),
        .init("mixtral:8x7b", "catalog mixtral tag=8x7b"),
        .init("phi-2", "catalog phi-2 tag=-"),
        .init("phi-2-q8", "catalog phi-2 tag=- quant=q8_0", "phi-2-q8_0"),
        .init("phi3:mini", "catalog phi3 tag=mini"),
        .init("llama3:latest", "catalog llama3 tag=latest"),
        .init("llama3:q6", "catalog llama3 tag=- quant=q6_k", "llama3-q6_k"),
        .init("my_model", "catalog my_model tag=-"),
        .init("q4_k_m", "catalog q4_k_m tag=-"),
    ]

    static let hub: [ReferenceCase] = [
        .init("Qwen/Qwen3-8B-GGUF", "repository Qwen/Qwen3-8B-GGUF"),
        .init(
            "Qwen/Qwen3-8B-GGUF:Q4_K_M",
            "repository Qwen/Qwen3-8B-GGUF quant=q4_k_m",
            "Qwen/Qwen3-8B-GGUF:q4_k_m"
        ),
        .init(
            "Qwen/Qwen3-8B-GGUF:q8@main",
            "repository Qwen/Qwen3-8B-GGUF quant=q8_0 rev=main",
            "Qwen/Qwen3-8B-GGUF:q8_0@main"
        ),
        .init("a/b@refs/pr/1", "repository a/b rev=refs/pr/1"),
        .init("a/b@feature/x.y", "repository a/b rev=feature/x.y"),
        .init(
            "a/b@607a30d783dfa663caf39e06633721c8d4cfcd7e",
            "repository a/b rev=607a30d783dfa663caf39e06633721c8d4cfcd7e"
        ),
        .init("a/b:latest", "repository a/b", "a/b"),
        .init("a/b/", "repository a/b", "a/b"),
        .init("hf.co/a/b", "repository a/b", "a/b"),
        .init(
            "hf.co/bartowski/Llama-3.2-1B-GGUF:IQ4_XS",
            "repository bartowski/Llama-3.2-1B-GGUF quant=iq4_xs",
            "bartowski/Llama-3.2-1B-GGUF:iq4_xs"
        ),
        .init("HF.co/a/b:UD-Q4_K_XL", "repository a/b quant=ud_q4_k_xl", "a/b:ud_q4_k_xl"),
        .init("hf.co/a/b:model-Q4_K_M.gguf", "file a/b path=model-Q4_K_M.gguf", "a/b/model-Q4_K_M.gguf"),
        .init("hf://a/b", "repository a/b", "a/b"),
        .init("hf://a/b@dev/sub/x.gguf", "file a/b path=sub/x.gguf rev=dev", "a/b/sub/x.gguf@dev"),
        .init("hf://a/b@refs/pr/1/x.gguf", "file a/b path=x.gguf rev=refs/pr/1", "a/b/x.gguf@refs/pr/1"),
        .init("huggingface.co/a/b", "repository a/b", "a/b"),
        .init("a/b/c.gguf", "file a/b path=c.gguf"),
        .init("a/b/Q8_0/c-00001-of-00002.gguf", "file a/b path=Q8_0/c-00001-of-00002.gguf"),
        .init("a/b/c.gguf@v1.0", "file a/b path=c.gguf rev=v1.0"),
        .init("a/b/at@home.gguf", "file a/b path=at@home.gguf"),
        .init("a/b/at@home.gguf@main", "file a/b path=at@home.gguf rev=main"),
        .init("a/b/sp ace é.gguf", "file a/b path=sp ace é.gguf"),
    ]

    static let addresses: [ReferenceCase] = [
        .init("https://huggingface.co/a/b", "repository a/b", "a/b"),
        .init("https://huggingface.co/a/b/", "repository a/b", "a/b"),
        .init("HTTPS://HuggingFace.co/a/b?library=x#top", "repository a/b", "a/b"),
        .init("http://hf.co/a/b", "repository a/b", "a/b"),
        .init("https://huggingface.co/a/b/tree/main", "repository a/b rev=main", "a/b@main"),
        .init(
            "https://huggingface.co/a/b/tree/refs%2Fpr%2F1",
            "repository a/b rev=refs/pr/1",
            "a/b@refs/pr/1"
        ),
        .init(
            "https://huggingface.co/a/b/tree/main/Q4_K_M",
            "repository a/b quant=q4_k_m rev=main",
            "a/b:q4_k_m@main"
        ),
        .init(
            "https://huggingface.co/a/b/resolve/main/x.gguf?download=true",
            "file a/b path=x.gguf rev=main",
            "a/b/x.gguf@main"
        ),
        .init(
            "https://huggingface.co/a/b/blob/v1/s/x%20y.gguf",
            "file a/b path=s/x y.gguf rev=v1",
            "a/b/s/x y.gguf@v1"
        ),
    ]

    static let local: [ReferenceCase] = [
        .init("./x", "local ./x"), .init("../x/y.gguf", "local ../x/y.gguf"),
        .init("/srv/models/a:b@c", "local /srv/models/a:b@c"),
        .init("~/models/x.gguf", "local /home/ada/models/x.gguf", "/home/ada/models/x.gguf"),
        .init("~", "local /home/ada", "/home/ada"), .init(".", "local ."), .init("..", "local .."),
    ]

    @Test(arguments: catalog + hub + addresses + local)
    func `each form means what it says, and its canonical form means the same`(_ form: ReferenceCase) throws {
        let reference = try parse(form.text)
        #expect(describe(reference) == form.meaning)
        #expect(reference.description == form.canonical)
        #expect(try parse(reference.description) == reference)
    }

    @Test(
        arguments: [
            ("", .empty), ("  ", .empty), ("a\nb", .unprintable), ("\u{1B}[31mred", .unprintable),
            (String(repeating: "a", count: 2000), .unprintable), ("a:b:c", .badName("a:b:c")),
            ("a:", .badName("a:")),
            (":7b", .badName(":7b")), ("-x", .badName("-x")), ("a b", .badName("a b")),
            ("llama3@main", .badName("llama3@main")),
            ("modèle", .badName("modèle")), ("a..b", .badName("a..b")),
            ("model.gguf", .bareFileName("model.gguf")),
            ("a//b", .badRepository("a/")), ("a/b--c", .badRepository("a/b--c")),
            ("a/b..c", .badRepository("a/b..c")),
            ("a/b.git", .badRepository("a/b.git")), ("a/-b", .badRepository("a/-b")),
            ("a/b.", .badRepository("a/b.")),
            ("a/b c", .badRepository("a/b c")), ("ä/b", .badRepository("ä/b")),
            ("hf.co/a", .badRepository("a")),
            (
                "a/" + String(repeating: "b", count: 97),
                .badRepository("a/" + String(repeating: "b", count: 97))
            ),
            ("datasets/a/b", .badRepository("datasets/a")),
            ("https://huggingface.co/spaces/a", .badRepository("spaces/a")),
            ("a/b:big", .badQuantization("big")), ("a/b:", .badQuantization("")), ("a/b@", .badRevision("")),
            ("a/b@x y", .badRevision("x y")), ("a/b@../..", .badRevision("../..")),
            ("a/b@-x", .badRevision("-x")),
            ("a/b@x:q4", .badRevision("x:q4")), ("a/b@/x", .badRevision("/x")),
            ("a/b/../c.gguf", .badPath("../c.gguf")), ("a/b//c.gguf", .badPath("/c.gguf")),
            ("a/b/c\\d.gguf", .badPath("c\\d.gguf")), ("hf.co/a/b:c\\d.gguf", .badPath("c\\d.gguf")),
            ("hf://a/b@main/../x.gguf", .badPath("../x.gguf")),
            ("https://huggingface.co/a/b/resolve/main/..%2F..%2Fetc%2Fpasswd", .badPath("../../etc/passwd")),
            ("https://huggingface.co/a/b/resolve/main/", .badPath("")),
            ("https://huggingface.co/a/b/settings", .badAddress("https://huggingface.co/a/b/settings")),
            (
                "https://huggingface.co/a/b/commits/main",
                .badAddress("https://huggingface.co/a/b/commits/main")
            ),
            ("https://huggingface.co/a/b/tree/main/x", .badAddress("https://huggingface.co/a/b/tree/main/x")),
            ("https://huggingface.co/a/b/tree/%zz", .badAddress("https://huggingface.co/a/b/tree/%zz")),
            ("https://huggingface.co/a/b/tree/%+1", .badAddress("https://huggingface.co/a/b/tree/%+1")),
            ("https://example.com/a/b", .badAddress("https://example.com/a/b")),
            ("ftp://x/y", .badAddress("ftp://x/y")),
        ] as [(String, ModelReferenceError)]
    )
    func `what is no reference is refused with the reason`(_ text: String, _ reason: ModelReferenceError) {
        #expect(throws: reason) { try parse(text) }
        #expect(!reason.description.isEmpty)
    }

    @Test func `without a home folder the tilde stays a name`() throws {
        let reference = try ModelReference(parsing: "~/x", environment: [:])
        #expect(reference.source == .local("~/x"))
    }

    @Test func `a local path that was made by hand reads back as local`() throws {
        let reference = ModelReference(.local("models/x"))
        #expect(reference.description == "./models/x")
    }

    @Test func `no text makes the parser crash`() {
        let pieces = [
            "a", "/", ":", "@", "-", "q4", "..", ".gguf", "%2F", "%", "hf://", "https://huggingface.co/",
            "tree/", "é", "~", " ", "ollama://", "ollama+http://", "localhost",
        ]
        var random = SplitMix(state: 3)
        var accepted = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...9, using: &random)
            let text = (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }
                .joined()
            guard let reference = try? parse(text) else { continue }
            accepted += 1
            #expect((try? parse(reference.description)) == reference, "\(text)")
        }
        #expect(accepted > 500)
    }
}
