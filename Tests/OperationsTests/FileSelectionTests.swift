import Catalog
import Hub
import Platform
import TestSupport
import Testing

@testable import Operations

/// Which files of a repository a pull takes.
struct FileSelectionTests {
    private func files(_ paths: [String]) throws -> [RepositoryFile] {
        try paths.map { path in
            let digest = Digest.of(Array(path.utf8))
            return RepositoryFile(path: try #require(RelativePath(path)), size: 100, content: .sha256(digest))
        }
    }

    private func request(
        _ quant: String? = nil,
        formats: [ModelFormat] = [.gguf],
        usual: String? = "q4_k_m"
    ) -> SelectionRequest {
        SelectionRequest(
            formats: formats,
            quant: quant.flatMap { Quantization(parsing: $0) },
            defaultQuant: usual.flatMap { Quantization(parsing: $0) }
        )
    }

    /// The sources of what is chosen.
    private func choose(_ request: SelectionRequest, from paths: [String]) throws -> [String] {
        try FileSelection.choose(request, from: files(paths)).files.flatMap { $0.parts.map(\.path.string) }
    }

    @Test(arguments: [
        ("Qwen_Qwen3-1.7B-Q4_K_M.gguf", "q4_k_m"), ("Model-Q6_K_L.gguf", "q6_k_l"),
        ("Model-IQ4_XS.gguf", "iq4_xs"), ("Model-Q8_0/Model-Q8_0-00001-of-00001.gguf", "q8_0"),
        ("Qwen3-8B-UD-Q4_K_XL.gguf", "ud_q4_k_xl"),
        ("UD-Q4_K_XL/M-UD-Q4_K_XL-00001-of-00001.gguf", "ud_q4_k_xl"),
        ("BF16/M-BF16-00001-of-00001.gguf", "bf16"), ("qwen2.5-coder-32b-instruct-q4_k_m.gguf", "q4_k_m"),
        ("llama-2-7b-chat.Q4_K_M.gguf", "q4_k_m"), ("gpt-oss-20b-mxfp4.gguf", "mxfp4"),
        ("Model.i1-IQ4_XS.gguf", "i1_iq4_xs"), ("Model-fp16.gguf", "f16"),
        ("Q3_K_S/model-00001-of-00001.gguf", "q3_k_s"), ("m.Q6_K.gguf.part1of1", "q6_k"),
    ])
    func `a quantization is found in the names of every publisher`(path: String, quant: String) throws {
        let others = ["README.md", "z-Q2_K.gguf", "mmproj-F16.gguf"]
        let selection = try FileSelection.choose(request(quant), from: files(others + [path]))
        #expect(selection.quant?.name == quant)
        #expect(selection.files.flatMap { $0.parts.map(\.path.string) } == [path])
    }

    @Test func `shards come all together and in order, without their folder`() throws {
        let shards = (1...3).map { "Q4_K_M/m-Q4_K_M-0000\($0)-of-00003.gguf" }
        let selection = try FileSelection.choose(request(), from: files(shards.reversed() + ["m-Q8_0.gguf"]))
        #expect(selection.files.map(\.path.string) == shards.map { String($0.dropFirst(7)) })
        #expect(selection.files.map(\.sourcePath?.string) == shards)
    }

    @Test func `naming one shard means its whole set`() throws {
        let shards = (1...2).map { "m-Q8_0-0000\($0)-of-00002.gguf" }
        var request = request()
        request.path = RelativePath(shards[1])
        #expect(try choose(request, from: shards + ["m-Q4_K_M.gguf"]) == shards)
    }

    @Test(arguments: [[2, 3], [1, 3], [1, 2]])
    func `a set with a shard missing is refused`(present: [Int]) throws {
        let paths = present.map { "m-Q4_K_M-0000\($0)-of-00003.gguf" }
        #expect(throws: SelectionRefusal.incompleteSet("m-Q4_K_M.gguf", missing: 1)) {
            try choose(request(), from: paths)
        }
    }

    @Test func `a whole file is preferred to a split of the same name`() throws {
        let split = (1...2).map { "m-Q4_K_M-0000\($0)-of-00002.gguf" }
        #expect(try choose(request(), from: split + ["m-Q4_K_M.gguf"]) == ["m-Q4_K_M.gguf"])
        let deeper = (1...2).map { "Q4_K_M/m-Q4_K_M-0000\($0)-of-00002.gguf" }
        #expect(try choose(request(), from: deeper + ["m-Q4_K_M.gguf"]) == ["m-Q4_K_M.gguf"])
    }

    @Test(arguments: [
        ["m.Q6_K.gguf.part1of2", "m.Q6_K.gguf.part2of2"], ["m.Q6_K.gguf-split-a", "m.Q6_K.gguf-split-b"],
        ["m.Q6_K.gguf.split-a", "m.Q6_K.gguf.split-b"],
    ])
    func `byte pieces become one file`(pieces: [String]) throws {
        let selection = try FileSelection.choose(request("q6_k"), from: files(pieces.reversed()))
        #expect(selection.files.map(\.path.string) == ["m.Q6_K.gguf"])
        #expect(selection.files[0].parts.map(\.path.string) == pieces)
        #expect(selection.files[0].sourcePath == nil)
        #expect(selection.size == 200)
    }

    @Test(arguments: [["m.Q6_K.gguf.part1of3", "m.Q6_K.gguf.part2of3"], ["m.Q6_K.gguf-split-b"]])
    func `byte pieces that do not begin or end are refused`(pieces: [String]) throws {
        #expect(throws: SelectionRefusal.self) { try choose(request("q6_k"), from: pieces) }
    }

    @Test func `projectors, importance matrices and draft heads are no models, and come when asked for`()
        throws
    {
        let others = [
            "mmproj-m-f16.gguf", "m-Q4_K_M-mmproj.gguf", "m-imatrix.gguf", "mtp-m-Q4_K_M.gguf",
            "eagle3-m-Q4_K_M.gguf", "m.imatrix",
        ]
        #expect(try choose(request(), from: others + ["m-Q4_K_M.gguf"]) == ["m-Q4_K_M.gguf"])
        #expect(throws: SelectionRefusal.noFormat(has: [])) { try choose(request(), from: others) }
        var asking = request()
        asking.include = ["mmproj*F16*"]
        #expect(
            try choose(asking, from: others + ["m-Q4_K_M.gguf"]) == ["m-Q4_K_M.gguf", "mmproj-m-f16.gguf"]
        )
    }

    @Test func `what is excluded is left out, and not everything can be`() throws {
        var request = request()
        request.include = ["*.md", "*.json"]
        request.exclude = ["README*"]
        let paths = ["m-Q4_K_M.gguf", "README.md", "params.json"]
        #expect(try choose(request, from: paths) == ["m-Q4_K_M.gguf", "params.json"])
        request.exclude = ["*"]
        #expect(throws: SelectionRefusal.nothingLeft) { try choose(request, from: paths) }
    }

    @Test func `the name of the store's own manifest is never taken`() throws {
        var request = request()
        request.include = ["manifest.json"]
        #expect(try choose(request, from: ["m-Q4_K_M.gguf", "manifest.json"]) == ["m-Q4_K_M.gguf"])
    }

    @Test func `without a quantization: the stack's own, then q4_k_m, then q8_0, then the first`() throws {
        let all = ["m-F16.gguf", "m-Q4_K_M.gguf", "m-Q5_K_M.gguf", "m-Q8_0.gguf"]
        #expect(try choose(request(usual: "q5_k_m"), from: all) == ["m-Q5_K_M.gguf"])
        #expect(try choose(request(usual: "q2_k"), from: all) == ["m-Q4_K_M.gguf"])
        #expect(try choose(request(usual: nil), from: ["m-F16.gguf", "m-Q8_0.gguf"]) == ["m-Q8_0.gguf"])
        #expect(try choose(request(), from: ["m-Q2_K.gguf", "m-F16.gguf"]) == ["m-F16.gguf"])
    }

    @Test func `several models of one quantization are not guessed at`() throws {
        let paths = ["big-Q4_K_M.gguf", "small-Q4_K_M.gguf"]
        #expect(throws: SelectionRefusal.ambiguous(paths)) { try choose(request(), from: paths) }
        var named = request()
        named.pattern = "small-Q4_K_M.gguf"
        #expect(try choose(named, from: paths) == ["small-Q4_K_M.gguf"])
    }

    @Test func `an unknown quantization lists what exists, the smallest first`() throws {
        let quants = ["q2_k", "q8_0", "f16"].compactMap { Quantization(parsing: $0) }
        #expect(throws: SelectionRefusal.noQuant(has: quants)) {
            try choose(request("q3_k_s"), from: ["m-F16.gguf", "m-Q2_K.gguf", "m-Q8_0.gguf"])
        }
    }

    @Test(arguments: [
        ("*mmproj*", "sub/mmproj-F16.gguf", true), ("*.gguf", "a/b.GGUF", true),
        ("*.gguf", "a.gguf.part1of2", false), ("sub/*", "sub/a.txt", true), ("sub/*", "other/a.txt", false),
        ("sub/*", "a.txt", false), ("?.txt", "a.txt", true), ("?.txt", "ab.txt", false),
        ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbY", false), ("*", "anything", true), ("", "a", false),
        ("**", "a", true), ("README.md", "docs/README.md", true), ("[ab].txt", "a.txt", false),
    ])
    func `patterns match as people expect`(pattern: String, path: String, matches: Bool) {
        #expect(globMatches(pattern, path) == matches)
    }
}

/// Which files of a repository with safetensors a pull takes.
struct SafetensorsSelectionTests {
    private func choose(_ paths: [String], include: [String] = []) throws -> [String] {
        let files = try paths.map { path in
            RepositoryFile(
                path: try #require(RelativePath(path)),
                size: 1,
                content: .sha256(.of(Array(path.utf8)))
            )
        }
        let request = SelectionRequest(formats: [.safetensors], include: include)
        return try FileSelection.choose(request, from: files).files.map(\.path.string).sorted()
    }

    @Test func `weights, index, configuration, tokenizer, templates and the card`() throws {
        let needed = [
            "LICENSE", "README.md", "additional_chat_templates/tool.jinja", "chat_template.jinja",
            "config.json", "generation_config.json", "merges.txt", "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors", "model.safetensors.index.json", "special_tokens_map.json",
            "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json",
        ]
        let others = [
            ".gitattributes", "pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json",
            "flax_model.msgpack", "tf_model.h5", "onnx/model.onnx", "original/consolidated.00.pth",
            "figures/a.png", "training_args.bin", "adapter_config.json", "adapter_model.safetensors",
            "vae/model.safetensors",
        ]
        #expect(try choose(needed + others) == needed)
    }

    @Test func `weights that are there twice come once`() throws {
        let standard = ["config.json", "model-00001-of-00001.safetensors"]
        #expect(try choose(standard + ["consolidated.safetensors", "params.json"]) == standard)
        #expect(try choose(standard + ["model.fp16.safetensors"]) == standard)
        let consolidated = ["config.json", "consolidated.safetensors", "params.json"]
        #expect(try choose(consolidated) == consolidated)
    }

    @Test func `files that are asked for come besides, in their folders`() throws {
        let paths = ["config.json", "model.safetensors", "onnx/model.onnx"]
        #expect(try choose(paths, include: ["onnx/*"]) == paths)
    }

    @Test func `pickles alone are refused, adapters alone are no model`() throws {
        #expect(throws: SelectionRefusal.onlyPickles) { try choose(["config.json", "pytorch_model.bin"]) }
        #expect(throws: SelectionRefusal.noFormat(has: [])) { try choose(["adapter_model.safetensors"]) }
        #expect(throws: SelectionRefusal.noFormat(has: [.gguf])) { try choose(["m-Q8_0.gguf"]) }
    }
}
