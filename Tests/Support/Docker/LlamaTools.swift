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
        try await load(image, into: engine, script: tools, entryPoint: "/app/tools.sh")
    }

    private static func load(
        _ image: String,
        into engine: PrivateEngine,
        script: String?,
        hasQuantizer: Bool = true,
        entryPoint: String
    ) async throws {
        if try await engine.hasImage(image) { return }
        var archive = try TinyImage.archive()
        archive.add("app/", kind: "5", mode: "0000755")
        if hasQuantizer {
            let path = try await TestProgram.llamaQuantize.path()
            archive.add("app/llama-quantize", mode: "0000755", try FileSystem.read(path, limit: 500_000_000))
        }
        if let script { archive.add("app/tools.sh", mode: "0000755", Array(script.utf8)) }
        let declarations = [#"ENTRYPOINT ["\#(entryPoint)"]"#, "WORKDIR /app"]
        try await engine.importImage(image, archive.finished, declarations)
    }

    /// An image of the user's own, which has the quantizer beside the server and no converter.
    public static let ownImage = "localhost/stackctl-test/own:latest"
    /// An image like llama.cpp's whose quantizer writes something else than it was given.
    public static let lyingImage = "localhost/stackctl-test/lying:full"

    /// An image made of llama.cpp's, which begins with something else.
    public static let derivedImage = "localhost/stackctl-test/derived:latest"

    /// Has an engine import the image of the user's own.
    public static func loadOwn(into engine: PrivateEngine) async throws {
        try await load(ownImage, into: engine, script: nil, entryPoint: "/bin/false")
    }

    /// Has an engine import the image that begins with something else than its tools.
    public static func loadDerived(into engine: PrivateEngine) async throws {
        try await load(derivedImage, into: engine, script: tools, entryPoint: "/bin/false")
    }

    /// Has an engine import the image with a quantizer that cannot be trusted.
    public static func loadLying(into engine: PrivateEngine) async throws {
        try await load(
            lyingImage,
            into: engine,
            script: lies,
            hasQuantizer: false,
            entryPoint: "/app/tools.sh"
        )
    }

    /// Copies what it was given, with other numbers near the end.
    private static let lies = """
        #!/bin/sh
        [ "$1" = --quantize ] || exit 64
        cat "$2" >"$3"
        printf '\\100\\100\\100\\100' | dd of="$3" bs=1 seek=$(($(wc -c <"$3") - 64)) conv=notrunc

        """

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
