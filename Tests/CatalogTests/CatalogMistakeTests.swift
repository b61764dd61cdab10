import Catalog
import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// A text with mistakes, and each of them as it is shown.
struct MistakeCase: CustomTestStringConvertible, Sendable {
    let text: String
    let problems: [String]
    var testDescription: String { problems.first ?? text }

    init(_ text: String, _ problems: String...) {
        self.text = text
        self.problems = problems
    }
}

struct CatalogMistakeTests {
    static let mistakes: [MistakeCase] = [
        .init("model: {}", "m.yaml:1:1: unknown key `model`: did you mean `models`?"),
        .init("[]", "m.yaml:1:1: expected a mapping, found a list"),
        .init("models: [a]", "m.yaml:1:9: expected a mapping, found a list"),
        .init(
            "models:\n  m:\n    descripton: x\n    safetensors: a/b\n    gatd: true\n",
            "m.yaml:3:5: unknown key `descripton`: did you mean `description`?",
            "m.yaml:5:5: unknown key `gatd`: did you mean `gated`?"
        ),
        .init("models:\n  m:\n    zzzzz: 1\n    safetensors: a/b\n", "m.yaml:3:5: unknown key `zzzzz`"),
        .init(
            "models:\n  'a b': {safetensors: a/b}\n",
            "m.yaml:2:3: `a b` cannot name a model: use letters, digits, `.`, `-` and `_`"
        ),
        .init(
            "models:\n  m: {safetensors: a/b}\n  M: {safetensors: a/b}\n",
            "m.yaml:3:3: the model `m` is already on line 2"
        ),
        .init(
            "models:\n  m: {safetensors: a}\n",
            "m.yaml:2:20: `a` is not a repository of the form organization/name"
        ),
        .init(
            "models:\n  m: {safetensors: a/b, gated: no}\n",
            "m.yaml:2:32: expected `true` or `false`, found `no`"
        ),
        .init(
            "models:\n  m: {safetensors: a/b, layers: many}\n",
            "m.yaml:2:33: expected a whole number, found `many`"
        ),
        .init(
            "models:\n  m: {safetensors: a/b, heads: 0}\n",
            "m.yaml:2:32: 0 is out of range: it must be at least 1"
        ),
        .init(
            "models:\n  m: {safetensors: a/b, size: giant}\n",
            "m.yaml:2:31: `giant` is none of `tiny`, `small`, `medium`, `large`, `huge`"
        ),
        .init(
            "models:\n  m: {description: x}\n",
            "m.yaml:2:3: the model `m` has no weights: neither `safetensors` nor `gguf`"
        ),
        .init(
            "models:\n  m: {context: 5}\n",
            "m.yaml:2:6: the weights are missing: neither `safetensors` nor `gguf` is declared"
        ),
        .init(
            "models:\n  m:\n    default: c\n    variants: {b: {safetensors: a/b}}\n",
            "m.yaml:3:14: the default `c` is not one of the variants"
        ),
        .init(
            "models:\n  m:\n    safetensors: a/b\n    variants: {b: {safetensors: a/b}}\n",
            "m.yaml:3:5: `safetensors` cannot stand beside `variants`: it belongs into one of them"
        ),
        .init(
            "models:\n  m:\n    variants:\n      b: {safetensors: a/b, aliases: [c, b]}\n"
                + "      c: {safetensors: a/c}\n",
            "m.yaml:4:39: `c` already means the variant on line 5",
            "m.yaml:4:42: `b` already means the variant on line 4"
        ),
        .init(
            "models:\n  m: {safetensors: a/b, aliases: [a b, latest]}\n",
            "m.yaml:2:35: `a b` cannot be a tag: use letters, digits, `.`, `-` and `_`",
            "m.yaml:2:40: `latest` already means the variant on line 2"
        ),
        .init(
            "models:\n  m: {variants: {b: {safetensors: a/b, aliases: b}}}\n",
            "m.yaml:2:49: `b` already means the variant on line 2"
        ),
        .init("models:\n  m: {gguf: {repository: a/b, file: x.gguf}}\n", "m.yaml:2:13: `quants` is missing"),
        .init(
            "models:\n  m: {gguf: {repository: a/b, file: x.gguf, quants: [q4_0, q8_0]}}\n",
            "m.yaml:2:37: one file cannot be 2 quantizations: put `{quant}` into its name"
        ),
        .init(
            "models:\n  m: {gguf: {repository: a/b, file: 'x-{quant}.gguf', quants: [big, q4, q4_k_m]}}\n",
            "m.yaml:2:64: `big` is not the name of a quantization",
            "m.yaml:2:73: the quantization `q4_k_m` is declared twice"
        ),
        .init(
            "models:\n  m: {gguf: {file: 'x-{quant}.gguf', quants: [q4]}}\n",
            "m.yaml:2:47: `repository` is missing for `q4_k_m`"
        ),
        .init(
            "models:\n  m: {gguf: {repository: a/b, quants: [q4]}}\n",
            "m.yaml:2:40: `file` is missing for `q4_k_m`"
        ),
        .init(
            "models:\n  m: {gguf: {repository: a/b, file: '../{quant}.gguf', quants: [q4]}}\n",
            "m.yaml:2:37: `../{quant}.gguf` is not the path of a GGUF file in a repository"
        ),
        .init(
            "models:\n  m: {huggingface_id: a/b, "
                + "formats: {gguf: {q4_0: {file: x.bin, sha256: 12, hash: x}}}}\n",
            "m.yaml:2:58: `x.bin` is not the path of a GGUF file in a repository",
            "m.yaml:2:73: a SHA-256 has 64 hexadecimal digits",
            "m.yaml:2:77: unknown key `hash`"
        ),
        .init(
            "models:\n  m: {formats: {safetensors: {}}}\n",
            "m.yaml:2:30: `repository` is missing, here or as `huggingface_id`"
        ),
        .init(
            "models:\n  m: {formats: {pickle: {}}, huggingface_id: a/b}\n",
            "m.yaml:2:17: unknown key `pickle`"
        ),
    ]

    @Test(arguments: mistakes)
    func `every mistake is reported at its place, in the order of the file`(_ mistake: MistakeCase) {
        let problems = ModelCatalog.problems(in: Array(mistake.text.utf8), file: "m.yaml")
        #expect(problems.map(\.description) == mistake.problems)
    }

    @Test func `loading stops with the first of them`() throws {
        let home = try TemporaryDirectory()
        let file = try home.write(
            "models:\n  m:\n    gatd: 1\n    lcence: x\n    safetensors: a/b\n",
            to: "config/models.yaml"
        )
        let error = try #require(throws: DeclarationError.self) { try ModelCatalog.load(home: home.path) }
        #expect(error.description == "\(file):3:5: unknown key `gatd`: did you mean `gated`?")
    }

    @Test func `a file that cannot be read says why`() throws {
        let home = try TemporaryDirectory()
        try FileSystem.createDirectory(home.appending("config/models.yaml"))
        let error = try #require(throws: DeclarationError.self) { try ModelCatalog.load(home: home.path) }
        #expect(error.cause?.errno == .isDirectory)
        #expect(error.line == 0)
        #expect(error.description.hasPrefix("\(home.path)/config/models.yaml: cannot read"))
    }

    @Test func `a file that is missing is a problem to the validator and nothing to the catalog`() throws {
        let home = try TemporaryDirectory()
        let problems = ModelCatalog.problems(at: ModelCatalog.file(in: home.path))
        #expect(problems.map(\.cause?.isNotFound) == [true])
        #expect(throws: Never.self) { try ModelCatalog.load(home: home.path) }
    }

    @Test func `a file above 4 MB is refused before it is read`() throws {
        let home = try TemporaryDirectory()
        let file = try home.write(String(repeating: "#", count: 4_000_001), to: "config/models.yaml")
        #expect(ModelCatalog.problems(at: file).map(\.cause?.errno) == [.fileTooLarge])
    }

    @Test func `a pipe in place of a file is refused and not waited for`() throws {
        let home = try TemporaryDirectory()
        let file = home.appending("pipe")
        #expect(mkfifo(file.string, 0o600) == 0)
        #expect(ModelCatalog.problems(at: file).map(\.cause?.errno) == [.invalidArgument])
    }
}
