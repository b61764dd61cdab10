import Formats
import Platform

/// What stands in for mistral.rs in an image like its own: it takes the arguments of `mistralrs quantize` and refuses others,
/// and writes what has the form of a UQFF and nothing of the model's in it.
public enum MistralRsTools {
    /// The image's name.
    public static let image = "localhost/stackctl-test/mistral.rs:latest"

    /// Has an engine import the image, unless it has it.
    public static func load(into engine: PrivateEngine) async throws {
        if try await engine.hasImage(image) { return }
        var file = SafetensorsFile()
        try file.addTensor("0", .u8, shape: [16])
        let shard = try file.header() + [UInt8](repeating: 7, count: 16)
        var archive = try TinyImage.archive()
        archive.add("share/", kind: "5", mode: "0000755")
        archive.add("share/shard", shard)
        archive.add("bin/mistralrs", mode: "0000755", Array(program.utf8))
        try await engine.importImage(image, archive.finished, [#"ENTRYPOINT ["/bin/mistralrs"]"#])
    }

    /// As much of the program as is used: its words, its bars on a terminal alone, its shards, and what it leaves beside them.
    private static let program = """
        #!/bin/sh
        refuse() { echo "error: $1" >&2; exit 2; }
        [ "$1" = quantize ] || refuse "unrecognized subcommand '$1'"
        shift
        while [ $# -gt 0 ]; do
            case $1 in
            -m|--model-id) model=$2; shift 2 ;;
            --isq) isq=$2; shift 2 ;;
            -o|--output) out=$2; shift 2 ;;
            --cpu) cpu=yes; shift ;;
            *) refuse "unexpected argument '$1' found" ;;
            esac
        done
        [ -n "$model" ] && [ -n "$isq" ] && [ -n "$out" ] || refuse "the following required arguments were not provided"
        case $isq in
        q4_0|q4_1|q5_0|q5_1|q8_0|q2k|q3k|q4k|q5k|q6k|hqq4|hqq8|f8e4m3) ;;
        *) refuse "invalid value '$isq' for '--isq <IN_SITU_QUANT>'" ;;
        esac
        # An engine tells a container so which GPUs it has.
        [ -n "$NVIDIA_VISIBLE_DEVICES" ] && [ "$cpu" = yes ] && refuse "the GPUs are left alone"
        [ -n "$NVIDIA_VISIBLE_DEVICES" ] || [ "$cpu" = yes ] || refuse "no CUDA device"
        [ "${out%.uqff}" != "$out" ] || refuse "a folder would be asked about its README"
        [ -e "$model/config.json" ] && [ -e "$model/tokenizer.json" ] || refuse "no config.json"
        bar() { [ -t 1 ] && printf '\\033[2K\\r[00:00:01] [####>---] %s (1s)' "$1"; }
        bar 1/2; bar 2/2
        echo "INFO Applying in-situ quantization into $isq to 4 tensors."
        bar 1/4; bar 4/4
        [ -e "$model/wait.json" ] && sleep 600
        [ -e "$model/fail.json" ] && refuse "out of layers"
        stem=${out%.uqff}
        [ -e "$model/gap.json" ] || cat /share/shard >"$stem-0.uqff"
        cat /share/shard >"$stem-1.uqff"
        cat /share/shard >"${out%/*}/residual.safetensors"
        cat "$model/config.json" >"${out%/*}/config.json"

        """
}
