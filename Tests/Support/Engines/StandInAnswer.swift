import Platform

/// What a stand-in server answers to one request.
struct StandInAnswer {
    let engine: StandInServer.Engine
    let request: StubRequest

    init(_ engine: StandInServer.Engine, _ request: StubRequest) {
        self.engine = engine
        self.request = request
    }

    func answer(_ state: inout StandInServer.State) -> StubResponse {
        for index in state.models.indices { state.models[index].settle() }
        if let replacement = state.replacements[request.path] { return replacement }
        if let refusal = refuse(without: state.key) { return refusal }
        return switch engine {
        case .vllm: vllm(&state)
        case .mistralrs: mistralRs(&state)
        case .router: router(&state)
        case .llamacpp: llamaCpp(&state)
        }
    }

    /// What a text of the document is.
    func text(_ key: String) -> String? {
        guard let document = try? JSON.decode([String: AnyText].self, from: request.body) else { return nil }
        return document[key]?.text
    }

    private struct AnyText: Decodable {
        let text: String?
        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)
        }
    }

    /// llama.cpp's servers protect all but their health, vLLM what is below `/v1`, mistral.rs nothing.
    private func refuse(without key: String?) -> StubResponse? {
        let isProtected =
            switch engine {
            case .llamacpp, .router: request.path != "/health" && request.path != "/v1/health"
            case .vllm: request.path.hasPrefix("/v1/")
            case .mistralrs: false
            }
        guard let key, isProtected, request.token != key else { return nil }
        return engine == .vllm
            ? .json(#"{"error":"Unauthorized"}"#, status: 401)
            : error(401, "Invalid API Key", "authentication_error")
    }

    func error(_ status: Int, _ message: String, _ type: String = "invalid_request_error") -> StubResponse {
        .json(#"{"error":{"code":\#(status),"message":"\#(message)","type":"\#(type)"}}"#, status: status)
    }

    func completion(_ state: StandInServer.State) -> StubResponse {
        if request.path == "/v1/embeddings", !state.completes {
            return .json(#"{"object":"list","data":[{"embedding":[0.1],"index":0}]}"#)
        }
        guard request.path == "/v1/completions", state.completes else {
            return error(400, "the model does not support this", "invalid_request_error")
        }
        return .json(#"{"object":"text_completion","choices":[{"text":" 2","index":0}]}"#)
    }

    // MARK: llama.cpp

    private static let notFound =
        #"{"error":{"message":"File Not Found","type":"not_found_error","code":404}}"#

    private func llamaCpp(_ state: inout StandInServer.State) -> StubResponse {
        let isLoading = state.models.first?.answers != true
        switch (request.method, request.path) {
        case ("GET", "/health") where !isLoading: return .json(#"{"status":"ok"}"#)
        case _ where isLoading: return error(503, "Loading model", "unavailable_error")
        case ("GET", "/props"):
            return .json(#"{"default_generation_settings":{},"total_slots":4,"model_path":"/models/x.gguf"}"#)
        case ("GET", "/models"), ("GET", "/v1/models"):
            let model = state.models[0]
            return .json(#"{"object":"list","data":[{"id":"\#(model.id)","aliases":["\#(model.id)"]}]}"#)
        case ("POST", "/v1/completions"), ("POST", "/v1/embeddings"): return completion(state)
        default: return .json(Self.notFound, status: 404)
        }
    }

    private func router(_ state: inout StandInServer.State) -> StubResponse {
        switch (request.method, request.path) {
        case ("GET", "/health"): return .json(#"{"status":"ok"}"#)
        case ("GET", "/props"): return .json(#"{"role":"router","max_instances":4,"models_autoload":true}"#)
        case ("GET", "/models"), ("GET", "/v1/models"):
            let entries = state.models.map(Self.entry).joined(separator: ",")
            return .json(#"{"data":[\#(entries)],"object":"list"}"#)
        case ("POST", "/models/load"), ("POST", "/models/unload"): break
        case ("POST", "/v1/completions"), ("POST", "/v1/embeddings"):
            guard let name = text("model") else {
                return error(400, "model name is missing from the request")
            }
            guard state.models.contains(where: { $0.id == name }) else {
                return error(400, "model '\(name)' not found")
            }
            return completion(state)
        default: return .json(Self.notFound, status: 404)
        }
        let isLoad = request.path == "/models/load"
        guard let index = state.models.firstIndex(where: { $0.id == text("model") }) else {
            return isLoad ? .json(Self.notFound, status: 404) : error(400, "model is not found")
        }
        let isRunning = ![.unloaded, .failed(state.models[index].failure)].contains(
            state.models[index].status
        )
        guard isRunning != isLoad else {
            return error(400, isLoad ? "model is already running" : "model is not running")
        }
        state.models[index].status = isLoad ? .loading(until: .now + state.loadingTime) : .unloaded
        return .json(#"{"success":true}"#)
    }

    private static func entry(_ model: StandInModel) -> String {
        let status: String =
            switch model.status {
            case .loaded: #""value":"loaded""#
            case .unloaded: #""value":"unloaded""#
            case .loading: #""value":"loading""#
            case .sleeping: #""value":"sleeping""#
            case .failed(let code): #""value":"unloaded","exit_code":\#(code),"failed":true"#
            }
        let aliases = model.aliases.map { "\"\($0)\"" }.joined(separator: ",")
        return #"""
            {"id":"\#(model.id)","aliases":[\#(aliases)],"tags":[],"object":"model","owned_by":"llamacpp",\#
            "status":{\#(status),"args":["/app/llama-server","--alias","\#(model.id)","--model","\#(model.path)"],\#
            "preset":""},"source":"models_dir"}
            """#
    }
}
