import Platform

/// The real `llama-quantize` in an image like llama.cpp's `full` ones, and in place of their Python a converter that hands out
/// `converted.json` of the folder, if it has one.
public enum LlamaTools {
    /// The image's name.
    public static let image = "localhost/stackctl-test/llama.cpp:full"
    /// The image of the server beside it, which nobody makes.
    public static let serverImage = "localhost/stackctl-test/llama.cpp:server"

    /// Has an engine import the image, unless it has it.
    public static func load(into engine: PrivateEngine) async throws {
        if try await engine.hasImage(image) { return }
        let path = try await TestProgram.llamaQuantize.path()
        let program = try FileSystem.read(path, limit: 500_000_000)
        var archive = try TinyImage.archive()
        archive.add("app/", kind: "5", mode: "0000755")
        archive.add("app/llama-quantize", mode: "0000755", program)
        archive.add("app/tools.sh", mode: "0000755", Array(tools.utf8))
        let declarations = [#"ENTRYPOINT ["/app/tools.sh"]"#, "WORKDIR /app"]
        try await engine.importImage(image, archive.finished, declarations)
    }

    /// As much of llama.cpp's script of that name as is used, with the marks of a progress bar.
    private static let tools = """
        #!/bin/sh
        what=$1
        shift
        case $what in
        --quantize) exec /app/llama-quantize "$@" ;;
        --convert)
            [ "${1#/source/?}" != "$1" ] && [ "$2" = --outtype ] && [ "$4" = --outfile ] || exit 64
            printf 'Writing:   0%%|  |\\rWriting:  50%%|# |\\r' >&2
            [ -e "$1/wait.json" ] && sleep 600
            [ -e "$1/converted.json" ] || { echo "Model NewForCausalLM is not supported" >&2; exit 1; }
            cat "$1/converted.json" >"$5"
            printf 'Writing: 100%%|##|\\n' >&2
            ;;
        *) exit 64 ;;
        esac

        """
}
