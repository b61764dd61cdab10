import Catalog
import Platform
import SystemPackage
import TestSupport
import Testing

struct LimitReadingTests {
    private func mistake(_ text: String) -> String? {
        do throws(DeclarationError) {
            _ = try LimitTable.load([("l.yaml", Array(text.utf8))])
            return nil
        } catch { return error.description }
    }

    @Test func `an entry is read as it was written`() throws {
        let text = """
            limits:
              "mine:*": &mine
                family: llama
                context: 8192
                output: 1024
                capabilities: [toolCalling, vision, streaming]
                profiles: [code, of-my-own]
              "*/Mine-*": *mine
              short: {context: 512}
            """
        let table = try LimitTable.load([("l.yaml", Array(text.utf8))])
        let mine = try #require(table.limits(named: "org/mine-7b"))
        #expect(mine.pattern.description == "*/Mine-*" && mine.family == "llama")
        #expect(mine.context == 8192 && mine.output == 1024 && mine.profiles == ["code", "of-my-own"])
        #expect(mine.capabilities == [.toolCalling, .vision, .streaming] && mine.origin == .file("l.yaml"))
        let short = try #require(table.limits(named: "short"))
        #expect(short.family == nil && short.output == nil && short.profiles.isEmpty)
        #expect(short.capabilities == [.streaming])
        #expect(table.limits(named: "other") == nil && table.limits.count == 3)
    }

    @Test(arguments: [
        ("limit: {}", "l.yaml:1:1: unknown key `limit`: did you mean `limits`?"),
        ("limits: [a]", "l.yaml:1:9: expected a mapping, found a list"),
        ("limits: {a: 3}", "l.yaml:1:13: expected a mapping, found `3`"),
        (
            "limits: {'a b': {context: 1}}",
            "l.yaml:1:10: `a b` is no pattern of names: `*` and `?` stand for what may differ"
        ),
        ("limits: {a: {family: f}}", "l.yaml:1:10: `context` is missing: the tokens of the model's window"),
        ("limits: {a: {contxt: 1}}", "l.yaml:1:10: `context` is missing: the tokens of the model's window"),
        (
            "limits: {a: {context: 1, familly: f}}",
            "l.yaml:1:26: unknown key `familly`: did you mean `family`?"
        ),
        ("limits: {a: {context: 32k}}", "l.yaml:1:23: expected a whole number, found `32k`"),
        (
            "limits: {a: {context: 0}}",
            "l.yaml:1:23: 0 is out of range: it must be from 1 to 1000000000"
        ),
        (
            "limits: {a: {context: 8, output: 9}}",
            "l.yaml:1:34: an answer of 9 tokens is longer than the window of 8"
        ),
        (
            "limits: {a: {context: 1, capabilities: [toolcalling]}}",
            "l.yaml:1:41: `toolcalling` is no capability: did you mean `toolCalling`?"
        ),
        (
            "limits: {a: {context: 1, capabilities: flying}}",
            "l.yaml:1:40: `flying` is none of `streaming`, `toolCalling`, `vision`, `audio`, `reasoning`, `fim`, `embedding`"
        ),
        (
            "limits: {a: {context: 1, capabilities: [vision, vision]}}",
            "l.yaml:1:49: `vision` is already in this list"
        ),
        ("limits: {a: {context: 1, profiles: [a b]}}", "l.yaml:1:37: `a b` is no name of a profile"),
        ("limits: {a: {context: 1, profiles: [a, a]}}", "l.yaml:1:40: `a` is already in this list"),
    ])
    func `a mistake is told with its place`(text: String, mistake: String) {
        #expect(self.mistake(text) == mistake)
    }

    @Test(arguments: [
        ("qwen3:8*", "qwen3:*b", true), ("QWEN3:*", "qwen3:?*", true), ("*coder*", "*phi-4*", true),
        ("a:*b", "a:b*", true), ("a:*", "b:*", false), ("*/A-*", "*/B-*", false), ("*/A-*", "x/?-*", true),
    ])
    func `patterns between which a name could not decide are a mistake`(
        first: String,
        second: String,
        tie: Bool
    ) {
        let message = mistake("limits:\n  '\(first)': {context: 1}\n  '\(second)': {context: 2}")
        let expected =
            "l.yaml:3:3: `\(second)` and `\(first)` on line 2 may both be of one name, and fix as many characters of it: "
            + "make one of them longer"
        #expect(message == (tie ? expected : nil))
    }
}

struct LimitTableTests {
    private func table(_ texts: String...) throws -> LimitTable {
        try LimitTable.load(texts.enumerated().map { ("\($0.offset).yaml", Array($0.element.utf8)) })
    }

    @Test func `of the patterns of a name the one that fixes most is meant`() throws {
        let table = try table(
            """
            limits: {'*': {context: 1}, 'a:*': {context: 2}, 'a:?b': {context: 3}, 'a:7b': {context: 4}}
            """
        )
        let contexts = ["b:7b", "a:70b", "a:8b", "A:7B"].map { table.limits(named: $0)?.context }
        #expect(contexts == [1, 2, 3, 4] && table.limits(named: "o/a") == nil)
    }

    @Test func `what goes before is asked first, however little it fixes`() throws {
        let table = try table(
            "limits: {'a*': {context: 1}}",
            "limits: {'a:7b': {context: 2}, 'b:7b': {context: 3}}"
        )
        #expect(["a:7b", "b:7b"].map { table.limits(named: $0)?.context } == [1, 3])
        // One and the same pattern may be in both.
        let twice = try self.table("limits: {a: {context: 1}}", "limits: {A: {context: 2}}")
        #expect(twice.limits(named: "a")?.context == 1)
    }

    @Test func `a home's own are laid over what is built in`() throws {
        let home = try TemporaryDirectory()
        let builtIn = try LimitTable.load(home: home.path)
        #expect(builtIn.limits.allSatisfy { $0.origin == .builtIn })
        #expect(builtIn.limits(named: "llama2:7b")?.context == 4096)
        try home.write(
            "limits: {'llama2*': {context: 32768}, 'mine:*': {context: 7}}",
            to: "config/limits.yaml"
        )
        let own = try LimitTable.load(home: home.path)
        #expect(own.limits.count == builtIn.limits.count + 2)
        let llama = try #require(own.limits(named: "llama2:7b"))
        #expect(llama.context == 32768 && llama.origin == .file(LimitTable.file(in: home.path)))
        #expect(own.limits(named: "llama3:8b")?.context == 8192 && own.limits(named: "mine:1")?.context == 7)
        try home.write("limits: {a: 1}", to: "config/limits.yaml")
        let error = #expect(throws: DeclarationError.self) { try LimitTable.load(home: home.path) }
        #expect(
            error?.description.hasSuffix("config/limits.yaml:1:13: expected a mapping, found `1`") == true
        )
    }

    @Test(arguments: [
        ("qwen2.5-coder", "qwen2.5-coder:*"), ("qwen2.5-coder:latest", "qwen2.5-coder:*"),
        ("qwen2.5-coder:3b-q8_0", "qwen2.5-coder:3b*"), ("mistral", "mistral:7b"),
        ("phi3:3.8b", "phi3:mini"),
        ("bartowski/Qwen2.5-Coder-7B-Instruct-GGUF:q4_k_m", "*/Qwen2.5-Coder-*"),
        ("hf.co/Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q8_0.gguf", "*/Qwen3-8B*"), ("ollama://qwen3:8b", "qwen3:*"),
        ("ollama://me/llama3.2", "llama3.2:*"),
        ("./models/Phi-3-mini-4k-instruct.gguf", "*/Phi-3-mini-4k-*"),
        ("/srv/gemma-2-9b-it/", "*/gemma-2-9b*"), ("olmo2", "olmo2:*"), ("olmo2:7b-q8", "olmo2:*"),
    ])
    func `each way to name a model leads to its pattern`(typed: String, pattern: String) throws {
        let table = try LimitTable.load(home: nil)
        let reference = try ModelReference(parsing: typed)
        let found = table.limits(for: reference, in: try ModelCatalog.load(home: nil))
        #expect(found?.pattern.description == pattern)
    }

    @Test func `a name of one's own is known by its repositories`() throws {
        let text =
            "models: {mine: {gguf: {repository: me/phi-4-GGUF, file: 'a-{quant}.gguf', quants: [q4_k_m]}}}"
        let catalog = try ModelCatalog.load([("m.yaml", Array(text.utf8))])
        let table = try LimitTable.load(home: nil)
        let found = table.limits(for: try ModelReference(parsing: "mine-q4"), in: catalog)
        #expect(found?.pattern.description == "*/phi-4-GGUF")
        #expect(table.limits(for: try ModelReference(parsing: "yours"), in: catalog) == nil)
        let own = try self.table("limits: {'mine:*': {context: 3}}")
        #expect(own.limits(for: try ModelReference(parsing: "mine"), in: catalog)?.context == 3)
    }
}

/// The limits that are compiled in: what must hold for all of them.
struct EmbeddedLimitTests {
    private static let all = (try? LimitTable.load(home: nil).limits) ?? []
    private static let entries = (try? ModelCatalog.load(home: nil).entries) ?? []

    @Test func `there are as many as promised`() throws {
        #expect(try LimitTable.load(home: nil).limits.count >= 60)
    }

    @Test func `every model of the catalog has its window, by each of its names`() throws {
        let table = try LimitTable.load(home: nil)
        #expect(Self.entries.count > 40)
        for entry in Self.entries {
            let repositories =
                [entry.safetensors].compactMap(\.self) + Set(entry.gguf.values.map(\.repository))
            for name in ["\(entry.name):\(entry.tag)"] + repositories {
                let limits = table.limits(named: name)
                #expect(limits?.context == entry.context, "\(name) of \(entry.reference)")
                #expect(limits?.family == entry.family, "\(name) of \(entry.reference)")
            }
            let limits = try #require(table.limits(named: entry.reference))
            let (can, says) = (limits.capabilities, Set(entry.tags + entry.useCases))
            #expect(can.contains(.vision) == says.contains("vision"), "\(entry.reference)")
            #expect(can.contains(.toolCalling) || !says.contains("tools"), "\(entry.reference)")
            #expect(can.contains(.reasoning) || !says.contains("thinking"), "\(entry.reference)")
            #expect(can.contains(.fim) || !says.contains("fill-in-the-middle"), "\(entry.reference)")
            #expect(limits.profiles.contains("code") || !says.contains("coding"), "\(entry.reference)")
        }
    }

    @Test func `what answers can be had word by word, and no window is below what is assumed of the unknown`()
    {
        #expect(LimitTable.safeCapabilities == [.streaming])
        let usual: Set = ["fast", "general", "code", "creative"]
        for limits in Self.all {
            let isEmbedding = limits.capabilities.contains(.embedding)
            #expect(isEmbedding != limits.capabilities.contains(.streaming), "\(limits.pattern)")
            #expect(isEmbedding || limits.context >= LimitTable.safeContext, "\(limits.pattern)")
            #expect(usual.isSuperset(of: limits.profiles), "\(limits.pattern)")
        }
        #expect(Self.all.contains { $0.context == LimitTable.safeContext })
    }

    @Test(arguments: [
        ("Qwen/Qwen2.5-Math-7B-Instruct", 4096), ("Qwen/Qwen2.5-7B-Instruct-1M", 1_010_000),
        ("Qwen/Qwen3-235B-A22B-Thinking-2507-FP8", 262_144),
        ("unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF", 262_144),
        ("Qwen/Qwen3-VL-8B-Instruct", 262_144), ("deepseek-ai/DeepSeek-Coder-V2-Lite-Instruct", 163_840),
        ("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", 131_072), ("deepseek-ai/DeepSeek-R1", 163_840),
        ("togethercomputer/LLaMA-2-7B-32K", 32_768), ("mistralai/Mixtral-8x22B-Instruct-v0.1", 65_536),
        ("microsoft/Phi-4-mini-reasoning", 131_072), ("microsoft/Phi-4-reasoning-plus", 32_768),
        ("google/codegemma-7b-it", 8192), ("THUDM/glm-4-9b-chat-1m", 1_048_576),
        ("01-ai/Yi-1.5-9B-Chat-16K", 16_384), ("nomic-ai/nomic-embed-text-v1.5-GGUF", 2048),
    ])
    func `the special ones go before the general ones`(name: String, context: Int) throws {
        #expect(try LimitTable.load(home: nil).limits(named: name)?.context == context)
    }
}
