import Platform

extension StandInAnswer {
    // MARK: vLLM

    func vllm(_ state: inout StandInServer.State) -> StubResponse {
        switch (request.method, request.path) {
        case ("GET", "/health"):
            return StubResponse(state.isEngineDead && state.hasNoticed ? 503 : 200)
        case ("GET", "/v1/models"): return .json(Self.list(state))
        case ("POST", "/v1/completions"), ("POST", "/v1/embeddings"):
            if state.isEngineDead {
                return error(
                    500,
                    "EngineCore encountered an issue. See stack trace (above) for the root cause.",
                    "InternalServerError"
                )
            }
            let name = text("model") ?? ""
            guard name == state.models[0].id || state.adapters[name] != nil else {
                return error(404, "The model `\(name)` does not exist.", "NotFoundError")
            }
            return completion(state)
        case ("POST", "/v1/load_lora_adapter") where state.allowsAdapters: return loadForVLLM(&state)
        case ("POST", "/v1/unload_lora_adapter") where state.allowsAdapters:
            let name = text("lora_name") ?? ""
            guard state.adapters.removeValue(forKey: name) != nil else {
                return error(404, "The lora adapter '\(name)' cannot be found.", "NotFoundError")
            }
            return StubResponse(text: "Success: LoRA adapter '\(name)' removed successfully.")
        default: return .json(#"{"detail":"Not Found"}"#, status: 404)
        }
    }

    private static func list(_ state: StandInServer.State) -> String {
        let model = state.models[0]
        let adapters = state.adapters.sorted { $0.key < $1.key }.map {
            #",{"id":"\#($0.key)","object":"model","root":"\#($0.value)","parent":"\#(model.id)"}"#
        }
        return #"""
            {"object":"list","data":[{"id":"\#(model.id)","object":"model","owned_by":"vllm","root":"\#(model.path)",\#
            "parent":null,"max_model_len":1024}\#(adapters.joined())]}
            """#
    }

    private func loadForVLLM(_ state: inout StandInServer.State) -> StubResponse {
        guard let name = text("lora_name"), let path = text("lora_path") else {
            return error(400, "Both 'lora_name' and 'lora_path' must be provided.", "InvalidUserInput")
        }
        guard state.adapters[name] == nil else {
            return error(
                400,
                "The lora adapter '\(name)' has already been loaded. If you want to load the adapter in place, "
                    + "set 'load_inplace' to True.",
                "InvalidUserInput"
            )
        }
        guard state.adapterPaths.contains(path) else {
            return error(
                404,
                "Loading lora \(name) failed: No adapter found for \(path)",
                "NotFoundError"
            )
        }
        state.adapters[name] = path
        var answer = StubResponse(text: "Success: LoRA adapter '\(name)' added successfully.")
        answer.trouble.delay = state.loadingTime
        return answer
    }

    // MARK: mistral.rs

    func mistralRs(_ state: inout StandInServer.State) -> StubResponse {
        switch (request.method, request.path) {
        case ("GET", "/health"), ("GET", "/"): return StubResponse(text: "OK")
        case ("GET", "/v1/models"):
            let models = state.models.map {
                #",{"id":"\#($0.id)","object":"model","owned_by":"local","status":"\#(Self.word($0.status))"}"#
            }
            return .json(
                #"{"object":"list","data":[{"id":"default","object":"model","owned_by":"local"}\#(models.joined())]}"#
            )
        case ("POST", "/v1/models/unload"), ("POST", "/v1/models/reload"), ("POST", "/v1/models/status"):
            return changeModel(&state)
        case ("GET", "/v1/lora_adapters"):
            let adapters = state.adapters.keys.sorted().map { #"{"id":"\#($0)","object":"lora_adapter"}"# }
            return .json(#"{"object":"list","data":[\#(adapters.joined(separator: ","))]}"#)
        case ("POST", "/v1/load_lora_adapter") where state.allowsAdapters: return loadForMistralRs(&state)
        case ("POST", "/v1/unload_lora_adapter") where state.allowsAdapters:
            let name = text("lora_name") ?? ""
            guard state.adapters.removeValue(forKey: name) != nil else {
                return refusal(404, "lora_adapter_not_found", "LoRA adapter `\(name)` was not found")
            }
            return .json(#"{"id":"\#(name)","object":"lora_adapter"}"#)
        case ("POST", "/v1/completions"), ("POST", "/v1/embeddings"): return completion(state)
        default: return StubResponse(404)
        }
    }

    private static func word(_ status: StandInModel.Status) -> String {
        switch status {
        case .loaded, .sleeping: "loaded"
        case .unloaded, .failed: "unloaded"
        case .loading: "reloading"
        }
    }

    /// Its status is 200 whatever comes of it.
    private func changeModel(_ state: inout StandInServer.State) -> StubResponse {
        let id = text("model_id") ?? ""
        func told(_ word: String, _ error: String? = nil) -> StubResponse {
            .json(#"{"model_id":"\#(id)","status":"\#(word)"\#(error.map { #","error":"\#($0)""# } ?? "")}"#)
        }
        guard let index = state.models.firstIndex(where: { $0.id == id }) else { return told("not_found") }
        let model = state.models[index]
        switch request.path {
        case "/v1/models/unload":
            guard model.isReloadable else { return told("no_loader_config") }
            state.models[index].status = .unloaded
        case "/v1/models/reload" where model.status != .loaded:
            if model.failure != 0 { return told("internal_error", "failed to reload: out of memory") }
            state.models[index].status = .loading(until: .now + state.loadingTime)
        default: break
        }
        return told(Self.word(state.models[index].status))
    }

    private func refusal(_ status: Int, _ code: String, _ message: String) -> StubResponse {
        let type = status < 500 ? "invalid_request_error" : "server_error"
        return .json(
            #"{"error":{"message":"\#(message)","type":"\#(type)","code":"\#(code)"}}"#,
            status: status
        )
    }

    private func loadForMistralRs(_ state: inout StandInServer.State) -> StubResponse {
        let (name, path) = (text("lora_name") ?? "", text("lora_path") ?? "")
        guard state.adapters[name] == nil else {
            return refusal(409, "lora_adapter_already_loaded", "LoRA adapter `\(name)` is already loaded")
        }
        guard state.adapterPaths.contains(path) else {
            return refusal(404, "adapter_path_not_found", "failed to access adapter directory `\(path)`")
        }
        state.adapters[name] = path
        return .json(#"{"id":"\#(name)","object":"lora_adapter","rank":8}"#)
    }
}
