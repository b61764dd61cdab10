import Conversion
import Formats
import Platform
import SystemPackage
import Testing

/// Which tensor gets which type.
struct SelectionTests {
    private static let letters: [Character: TensorType] = [
        "a": .q4_0, "b": .q4_1, "c": .q5_0, "d": .q5_1, "8": .q8_0, "2": .q2_K, "3": .q3_K, "4": .q4_K,
        "5": .q5_K, "6": .q6_K, "h": .f16, "f": .f32,
    ]

    /// Lines of what llama-quantize chose: a model, a target, and for each role a letter or one for each layer.
    private static let lines: [String] = {
        let path = FilePath(#filePath).removingLastComponent().appending("Fixtures").appending("types.txt")
        let text = String(decoding: (try? FileSystem.read(path)) ?? [], as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }()

    @Test func `there is a line for each model and target`() { #expect(Self.lines.count == 6 * 12) }

    @Test(arguments: lines)
    func `the types are those of the reference`(line: String) throws {
        let fields = line.split(separator: " ")
        let numbers = fields[0].split(separator: "-").dropFirst().compactMap { Int($0) }
        let model = SmallModel(
            architecture: String(fields[0].prefix { $0 != "-" }),
            layers: numbers[0],
            heads: numbers[1],
            sharedHeads: numbers[2],
            experts: numbers[3],
            isTied: numbers[4] == 1,
            hasOneMatrix: numbers[5] == 1
        )
        let target = try #require(QuantizationTarget(name: fields[1]))
        let types = try Quantizer(DeclaredModel(model)).types(for: target)
        let attention = model.hasOneMatrix ? ["attn_qkv"] : ["attn_q", "attn_k", "attn_v"]
        let ends = zip(["token_embd.weight", "output.weight"], fields[2...3])
        for (name, letter) in ends { #expect(types[name] == Self.letters[letter.first ?? " "], "\(name)") }
        let roles = attention + ["attn_output", "ffn_up", "ffn_gate", "ffn_down"]
        for (role, letters) in zip(roles, fields.dropFirst(4)) {
            let expected =
                letters.count == 1 ? Array(repeating: letters.first, count: model.layers) : letters.map { $0 }
            let suffix = role.hasPrefix("ffn") && model.experts > 0 ? "_exps" : ""
            for (layer, letter) in expected.enumerated() {
                let name = "blk.\(layer).\(role)\(suffix).weight"
                #expect(types[name] == letter.flatMap { Self.letters[$0] }, "\(name)")
            }
        }
    }

    @Test func `names are found in any case, and those in the middle without their letter`() {
        #expect(QuantizationTarget(name: "Q4_K_M") == .q4_k_m && QuantizationTarget(name: "q5_K") == .q5_k_m)
        #expect(QuantizationTarget(name: "q4_k_x") == nil && QuantizationTarget(name: "") == nil)
        #expect(Set(QuantizationTarget.allCases.map(\.fileType)).count == 17)
    }

    @Test func `rows that do not fit get smaller blocks, or halves`() throws {
        func types(columns: Int, _ target: QuantizationTarget) throws -> [String: TensorType] {
            try Quantizer(DeclaredModel(SmallModel(layers: 1, heads: 1, columns: columns))).types(for: target)
        }
        #expect(try types(columns: 96, .q4_k_s)["blk.0.ffn_up.weight"] == .q5_0)
        #expect(try types(columns: 96, .q5_k_s)["blk.0.ffn_up.weight"] == .q5_1)
        #expect(try types(columns: 96, .q2_k)["blk.0.ffn_up.weight"] == .q4_0)
        #expect(try types(columns: 96, .q3_k_s)["blk.0.ffn_up.weight"] == .q4_0)
        #expect(try types(columns: 96, .q6_k)["blk.0.ffn_up.weight"] == .q8_0)
        #expect(try types(columns: 96, .q4_k_s)["output.weight"] == .q8_0)
        #expect(try types(columns: 100, .q4_0)["blk.0.ffn_up.weight"] == .f16)
    }

    @Test func `what a person wants comes before what is usual`() throws {
        let model = DeclaredModel(SmallModel())
        let wanted = try #require(TensorOverride(parsing: #"BLK\.[01]\.ffn_(up|down)=q8_0"#))
        let options = QuantizationOptions(
            overrides: [wanted, TensorOverride(pattern: "ffn", type: .f16)],
            leavesOutput: true
        )
        let types = try Quantizer(model, options: options).types(for: .q4_k_m)
        #expect(types["blk.1.ffn_down.weight"] == .q8_0 && types["blk.2.ffn_down.weight"] == .f16)
        #expect(types["output.weight"] == .f16 && types["blk.0.attn_v.weight"] == .q6_K)
        let pure = try Quantizer(model, options: .init(isPure: true)).types(for: .q4_k_m)
        #expect(pure["blk.0.attn_v.weight"] == .q4_K && pure["output.weight"] == .q4_K)
        #expect(pure["output_norm.weight"] == .f32)
        #expect(throws: ConversionError.unusedPattern("attn_w")) {
            let options = QuantizationOptions(overrides: [
                wanted, TensorOverride(pattern: "attn_w", type: .f16),
            ])
            _ = try Quantizer(model, options: options).types(for: .q8_0)
        }
        #expect(throws: ConversionError.pattern("a(")) {
            let options = QuantizationOptions(overrides: [TensorOverride(pattern: "a(", type: .f16)])
            _ = try Quantizer(model, options: options).types(for: .q8_0)
        }
        for text in ["x", "=q8_0", "x=", "x=q9", "x=iq2_xs"] { #expect(TensorOverride(parsing: text) == nil) }
    }

    @Test func `what is small or delicate stays as it is`() throws {
        let names = [
            "blk.0.ffn_gate_inp.weight", "blk.0.attn_q_norm.weight", "blk.0.ssm_conv1d.weight",
            "position_embd.weight",
            "blk.0.attn_q.bias", "blk.0.time_mix_w1.weight", "v.patch_embd.weight",
        ]
        let base = DeclaredModel(SmallModel(layers: 1))
        let tensors = names.map { SourceTensor(name: $0, type: .f16, shape: [256, 4], offset: 0) }
        let thin = SourceTensor(name: "thin.weight", type: .f16, shape: [256, 1, 1], offset: 0)
        let model = DeclaredModel(metadata: base.metadata, tensors: base.tensors + tensors + [thin])
        let types = try Quantizer(model).types(for: .q8_0)
        for name in names + ["thin.weight"] { #expect(types[name] == .f16, "\(name)") }
    }

    @Test func `a model with experts must say which layer a tensor is of`() throws {
        let base = DeclaredModel(SmallModel(layers: 1, experts: 4))
        let stray = SourceTensor(name: "blk.9.ffn_up_exps.weight", type: .f16, shape: [256, 4, 4], offset: 0)
        let model = DeclaredModel(metadata: base.metadata, tensors: base.tensors + [stray])
        #expect(throws: ConversionError.layer(tensor: stray.name)) {
            try Quantizer(model).types(for: .q4_k_m)
        }
        let nothing = DeclaredModel(metadata: [], tensors: base.tensors)
        #expect(throws: ConversionError.metadata(key: "general.architecture")) {
            try Quantizer(nothing).types(for: .q8_0)
        }
    }
}
