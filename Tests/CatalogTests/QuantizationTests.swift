import Catalog
import Platform
import Testing

struct QuantizationTests {
    @Test(
        arguments: [
            ("q4_k_m", "q4_k_m"), ("Q4_K_M", "q4_k_m"), ("Q4-K-M", "q4_k_m"), ("q4", "q4_k_m"),
            ("Q5", "q5_k_m"),
            ("q6", "q6_k"), ("q8", "q8_0"), ("f32", "f32"), ("F16", "f16"), ("fp16", "f16"), ("bf16", "bf16"),
            ("q2_k", "q2_k"), ("q2_k_s", "q2_k_s"), ("q2_k_l", "q2_k_l"), ("q3_k_xl", "q3_k_xl"),
            ("q3_k_s", "q3_k_s"),
            ("q4_0", "q4_0"), ("q4_1", "q4_1"), ("q5_0", "q5_0"), ("q5_1", "q5_1"), ("q8_0", "q8_0"),
            ("q6_k", "q6_k"),
            ("q4_0_4_8", "q4_0_4_8"), ("iq1_s", "iq1_s"), ("iq2_xxs", "iq2_xxs"), ("IQ4_XS", "iq4_xs"),
            ("iq4_nl", "iq4_nl"), ("iq3_m", "iq3_m"), ("tq1_0", "tq1_0"), ("tq2_0", "tq2_0"),
            ("mxfp4", "mxfp4"),
            ("MXFP4-MOE", "mxfp4_moe"), ("UD-Q4_K_XL", "ud_q4_k_xl"), ("ud_iq2_m", "ud_iq2_m"),
            ("i1-IQ4_XS", "i1_iq4_xs"), ("i1-q4", "i1_q4_k_m"), ("awq", "awq"), ("gptq", "gptq"),
            ("fp8", "fp8"),
            ("INT8", "int8"), ("int4", "int4"), ("nvfp4", "nvfp4"), ("bnb", "bnb"), ("bnb-4bit", "bnb_4bit"),
            ("w4a16", "w4a16"),
        ]
    )
    func `a name is read in any case and spelling`(_ text: String, _ name: String) throws {
        let quantization = try #require(Quantization(parsing: text))
        #expect(quantization.name == name)
        #expect(Quantization(parsing: quantization.description) == quantization)
    }

    @Test(
        arguments: [
            "", "q", "7b", "instruct", "v0.2", "latest", "q4_k_m_", "_q4", "q4__0", "q9_0", "q0_k", "q4_z",
            "q4_k_q",
            "q4_2", "iq4", "iq4_q", "tq3", "mxfp4_x", "w4", "w5a5", "a16", "ud", "ud_", "i1", "ud_awq",
            "q4 k m",
            "q4_\u{212A}_m", "q٤_0", "8x7b", "e4b", "mini", "chat", "q4_k_m_q4_k_m_q4_k_m_q4_k_m", "30b-a3b",
            "f8",
        ]
    )
    func `a word of another shape is none`(_ text: String) {
        #expect(Quantization(parsing: text) == nil)
    }

    @Test(
        arguments: [
            ("Qwen_Qwen3-1.7B-Q4_K_M.gguf", "q4_k_m"), ("Model-Q8_0/Model-Q8_0-00001-of-00002.gguf", "q8_0"),
            ("Qwen3-8B-UD-Q4_K_XL.gguf", "ud_q4_k_xl"),
            ("UD-Q4_K_XL/Kimi-K2-Instruct-UD-Q4_K_XL-00001-of-00013.gguf", "ud_q4_k_xl"),
            ("BF16/DeepSeek-R1.BF16-00001-of-00030.gguf", "bf16"),
            ("Q4_K_M/model-00001-of-00003.gguf", "q4_k_m"),
            ("qwen2.5-coder-32b-instruct-q4_k_m-00001-of-00003.gguf", "q4_k_m"),
            ("qwen2.5-coder-7b-instruct-fp16.gguf", "f16"), ("llama-2-7b-chat.Q4_K_M.gguf", "q4_k_m"),
            ("falcon-180b.Q8_0.gguf-split-a", "q8_0"), ("Model.i1-IQ4_XS.gguf", "i1_iq4_xs"),
            ("Model.i1-Q6_K.gguf.part1of2", "i1_q6_k"), ("gpt-oss-20b-mxfp4.gguf", "mxfp4"),
            ("gpt-oss-120b-mxfp4-00001-of-00003.gguf", "mxfp4"),
            ("Qwen3-30B-A3B-MXFP4_MOE.gguf", "mxfp4_moe"),
            ("gemma-3-27b-it-qat-q4_0.gguf", "q4_0"), ("mmproj-F16.gguf", "f16"),
            ("Meta-Llama-3-8B-Instruct-IQ3_M.gguf", "iq3_m"), ("Phi-3-mini-4k-instruct-q4.gguf", "q4_k_m"),
            ("some_model_q5_1.gguf", "q5_1"), ("model-BF16-to-Q6_K_L.gguf", "q6_k_l"),
            ("Model-Q4_0-v2.gguf", "q4_0"),
            ("Model-AWQ-Q3_K_L.gguf", "q3_k_l"), ("Mistral-Small-24B-TQ1_0.gguf", "tq1_0"),
            ("模型-q8_0.gguf", "q8_0"),
        ]
    )
    func `a file's name tells its quantization`(_ path: String, _ name: String) {
        #expect(Quantization.label(inFileName: path)?.name == name)
    }

    @Test(
        arguments: [
            "", "/", "model.gguf", "Qwen2.5-7B-Instruct.gguf", "model-00001-of-00003.gguf", "config.json",
            "imatrix_unsloth.dat", "phi-2.gguf", "Mixtral-8x7B.gguf", "a/b/c/d.gguf", "....gguf", "---",
            "Q4_K_M/sub/folder/model.gguf",
        ]
    )
    func `a file's name that tells none gives none`(_ path: String) {
        #expect(Quantization.label(inFileName: path) == nil)
    }

    @Test func `the order is that of bits, unknown ones last`() {
        let names = ["nvfp4", "f16", "q8_0", "q4_k_m", "iq1_s", "awq", "q6_k", "q4_0"]
        let sorted = names.compactMap { Quantization(parsing: $0) }.sorted().map(\.name)
        #expect(sorted == ["iq1_s", "q4_0", "q4_k_m", "q6_k", "q8_0", "f16", "awq", "nvfp4"])
    }

    @Test(arguments: [
        ("q4_k_m", 4.89), ("q8_0", 8.5), ("ud_q4_k_m", 4.89), ("i1_iq4_xs", 4.46), ("bf16", 16),
    ])
    func `bits a weight are those of llama.cpp's table`(_ name: String, _ bits: Double) {
        #expect(Quantization(parsing: name)?.approximateBitsPerWeight == bits)
    }

    @Test func `bits that nobody documents are unknown`() {
        for name in ["awq", "ud_q4_k_xl", "iq4_kss"] {
            #expect(Quantization(parsing: name).map { $0.approximateBitsPerWeight == nil } == true, "\(name)")
        }
    }

    @Test func `in JSON it is its name`() throws {
        let values = [Quantization(parsing: "UD-Q4_K_XL")]
        #expect(try JSON.encodeLine(values) == Array(#"["ud_q4_k_xl"]"#.utf8))
        #expect(try JSON.decode([Quantization].self, from: Array(#"["Q5"]"#.utf8)).map(\.name) == ["q5_k_m"])
        #expect(throws: DecodingError.self) {
            try JSON.decode([Quantization].self, from: Array(#"["big"]"#.utf8))
        }
    }
}
