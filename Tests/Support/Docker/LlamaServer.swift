import Platform

/// The real `llama-server` in an image like its makers', with its program, its variables and what its health check runs.
public enum LlamaServer {
    /// The image's name.
    public static let image = "localhost/stackctl-test/llama-server:latest"

    /// Has an engine import the image, unless it has it.
    public static func load(into engine: PrivateEngine) async throws {
        if try await engine.hasImage(image) { return }
        // What the image of `ggml-org/llama.cpp` declares.
        let declarations = [
            #"ENTRYPOINT ["/app/llama-server"]"#, "WORKDIR /app", "ENV LLAMA_ARG_HOST=0.0.0.0",
        ]
        let program = try FileSystem.read(try await TestProgram.llamaServer.path(), limit: 500_000_000)
        try await engine.importImage(image, try archive(program), declarations)
    }

    private static func archive(_ program: [UInt8]) throws -> [UInt8] {
        var archive = try TinyImage.archive()
        archive.add("app/", kind: "5", mode: "0000755")
        archive.add("app/llama-server", mode: "0000755", program)
        archive.add("bin/curl", mode: "0000755", Array(curl.utf8))
        return archive.finished
    }

    /// As much of curl as `curl -fsS URL` needs.
    private static let curl = """
        #!/bin/sh
        for address; do :; done
        exec wget -q -O - "$address"

        """
}
