import Catalog
import Engines
import Testing

/// Lines that the engines really write.
struct LoadProgressTests {
    @Test(arguments: [
        ("0.00.026.631 I srv    load_model: loading model '/models/50%/alpha-f16.gguf'", "loading the model"),
        (
            "0.00.010.896 I load_tensors: loading model tensors, this can take a while... (load_mode = mmap)",
            "loading the weights"
        ),
        ("0.00.011.010 I load_tensors:   CPU_Mapped model buffer size =     0.10 MiB", "loading the weights"),
        (
            "0.00.011.404 I llama_kv_cache:        CPU KV buffer size =     0.03 MiB",
            "making room for the context"
        ),
        (
            "0.00.012.575 I cmn  common_init_: warming up the model with an empty run - please wait ... (--no-warmup to disable)",
            "warming up"
        ),
        (
            "0.00.368.012 I srv    load_model: initializing, n_slots = 4, n_ctx_slot = 1024, kv_unified = 'true'",
            "making room for requests"
        ),
        ("[50199] 0.01.737.722 I srv  llama_server: model loaded", "loaded"),
    ])
    func `llama.cpp tells how far it is`(line: String, phase: String) {
        #expect(LoadProgress.phase(of: line, .llamacpp) == phase)
    }

    @Test(arguments: [
        (
            "INFO 10-07 22:54:57 model_runner.py:1014] Starting to load model meta-llama/Llama-3.2-3B-Instruct...",
            "loading the model"
        ),
        (
            "(Worker_TP0 pid=576689) Loading safetensors checkpoint shards:  54% Completed | 20/37 [01:27<01:19,  4.66s/it]",
            "loading the weights, 54 %"
        ),
        (
            "Loading safetensors checkpoint shards: 100% Completed | 9/9 [00:29<00:00,  3.28s/it]",
            "loading the weights, 100 %"
        ),
        (
            "INFO 06-19 23:05:09 [backends.py:416] Using cache directory: /root/.cache/vllm/torch_compile_cache/8715b0a56a/rank_0_0 for vLLM's torch.compile",
            "compiling"
        ),
        ("INFO 06-02 11:03:17 [monitor.py:33] torch.compile takes 45.81 s in total", "compiling"),
        ("Capturing CUDA graphs (decode, FULL): 100%|██████████| 35/35", "capturing graphs, 100 %"),
        (
            "(EngineCore pid=28132) INFO 04-20 20:13:51 [kv_cache_utils.py:1319] GPU KV cache size: 12,624 tokens",
            "making room for the context"
        ),
        ("(APIServer pid=19) INFO:     Application startup complete.", "loaded"),
    ])
    func `vLLM tells how far it is`(line: String, phase: String) {
        #expect(LoadProgress.phase(of: line, .vllm) == phase)
    }

    @Test(arguments: [
        (
            "2024-07-28T17:47:45.181595Z  INFO mistralrs_core::pipeline::gguf: Loading model `/models/` on cpu.",
            "loading the model"
        ),
        (
            "2026-02-22T21:50:34.958359Z  INFO mistralrs_core::utils::varbuilder_utils: Loading model using mmap strategy.",
            "loading the model"
        ),
        (
            "2026-02-22T21:50:34.894991Z  INFO mistralrs_core::pipeline::paths: Found model weight filenames [\"model-00001-of-00003.safetensors\"]",
            "loading the weights"
        ),
        (
            "2026-02-22T21:50:34.956011Z  INFO mistralrs_core::pipeline::normal: Applying ISQ to Some(Q4K)",
            "quantizing"
        ),
        ("INFO mistralrs_core: Applying in-situ quantization into Q4K to 225 tensors.", "quantizing"),
        ("2026-02-22T21:55:58.532103Z  INFO mistralrs_core: Beginning dummy run.", "warming up"),
        ("INFO mistralrs_server_core::mistralrs_for_server_builder: Model loaded.", "loaded"),
        ("INFO mistralrs_cli::commands::serve: Server listening on http://0.0.0.0:1234", "loaded"),
    ])
    func `mistral.rs tells how far it is`(line: String, phase: String) {
        #expect(LoadProgress.phase(of: line, .mistralrs) == phase)
    }

    @Test(arguments: EngineName.allCases)
    func `other lines tell nothing, however long they are`(engine: EngineName) {
        for line in ["", "%", "100%", "hello", "checkpoint", "loading"] {
            #expect(LoadProgress.phase(of: line, engine) == nil)
        }
        let signs = "load_tensors: checkpoint shards: Loading model "
        #expect(LoadProgress.phase(of: signs, engine) != nil)
        #expect(LoadProgress.phase(of: signs + String(repeating: "x", count: 5000), engine) == nil)
    }

    @Test(arguments: [
        ("checkpoint shards: %", "loading the weights"),
        ("checkpoint shards: 7%", "loading the weights, 7 %"),
        ("checkpoint shards: 101%", "loading the weights"),
        ("checkpoint shards: 1234%", "loading the weights"),
        ("checkpoint shards: ٤٢%", "loading the weights"),
        ("checkpoint shards: -5%", "loading the weights, 5 %"),
    ])
    func `a share is a whole number up to a hundred`(line: String, phase: String) {
        #expect(LoadProgress.phase(of: line, .vllm) == phase)
    }
}
