import Catalog
import Engines
import Testing

extension LiveChangeTests {
    // MARK: vLLM

    var served: String {
        #"{"data":[{"id":"base","root":"/models/base/safetensors/bf16","parent":null},{"id":"sql","root":"/adapters/sql","parent":"base"}]}"#
    }

    @Test func `vLLM loads and unloads adapters, and nothing else`() {
        let list = ("/v1/models", answer(200, served))
        let style = Subject("style", adapterPath: "/adapters/style")
        let load = #"/v1/load_lora_adapter {"lora_name":"style","lora_path":"/adapters/style"}"#
        let success = answer(200, "Success: LoRA adapter 'style' added successfully.")
        #expect(play(.vllm, .load, style, [list, (load, success)]) == .done(changed: true))
        #expect(play(.vllm, .load, Subject("sql"), [list]) == .done(changed: false))
        #expect(
            play(
                .vllm,
                .unload,
                Subject("sql"),
                [list, (#"/v1/unload_lora_adapter {"lora_name":"sql"}"#, answer(200))]
            )
                == .done(changed: true)
        )
        #expect(play(.vllm, .unload, style, [list]) == .done(changed: false))
        #expect(play(.vllm, .load, Subject("base"), [list]) == .done(changed: false))
        #expect(play(.vllm, .unload, Subject("base"), [list]) == .refused(.needsRestart))
        let stored = Subject("other", modelPaths: ["/models/other/safetensors/bf16"])
        #expect(play(.vllm, .load, stored, [list]) == .refused(.needsRestart))
        #expect(play(.vllm, .unload, stored, [list]) == .done(changed: false))
        #expect(play(.vllm, .load, Subject("none"), [list]) == .refused(.unknown(["base", "sql"])))
        #expect(play(.vllm, .unload, Subject("none"), [list]) == .refused(.unknown(["base", "sql"])))
    }

    @Test func `vLLM's stored model is the one that it serves, whatever it is called there`() {
        let subject = Subject("org/base", modelPaths: ["/models/base/safetensors/bf16"])
        var change = LiveChange(.vllm, .load, subject)
        #expect(play(&change, [("/v1/models", answer(200, served))]) == .done(changed: false))
        #expect(change.id == "base" && change.kind == .model)
    }

    @Test func `a variable that is missing is told, and what is not found with it is told as that`() {
        let list = ("/v1/models", answer(200, served))
        let style = Subject("style", adapterPath: "/adapters/style")
        let load = #"/v1/load_lora_adapter {"lora_name":"style","lora_path":"/adapters/style"}"#
        let missing = answer(404, #"{"detail":"Not Found"}"#)
        #expect(
            play(.vllm, .load, style, allowsAdapters: false, [list, (load, missing)])
                == .refused(.notAllowed(variable: "VLLM_ALLOW_RUNTIME_LORA_UPDATING"))
        )
        let lost = answer(
            404,
            #"{"error":{"message":"No adapter found for /adapters/style","type":"NotFoundError"}}"#
        )
        #expect(
            play(.vllm, .load, style, [list, (load, lost)])
                == .refused(.refuses(status: 404, "it answers 404: No adapter found for /adapters/style"))
        )
    }

    @Test func `the values that mean yes are each engine's own`() {
        for value in ["1", "true", "True", " TRUE "] {
            #expect(EngineName.allCases.allSatisfy { LiveChange.isYes(value, to: $0) })
        }
        for value in [nil, "", "0", "false", "no", "2"] {
            #expect(!EngineName.allCases.contains { LiveChange.isYes(value, to: $0) })
        }
        #expect(LiveChange.isYes("on", to: .mistralrs) && !LiveChange.isYes("on", to: .vllm))
    }
}
