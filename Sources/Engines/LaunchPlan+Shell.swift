extension LaunchPlan {
    /// The command for a POSIX shell, an option a line; where several machines serve the model, a line for each of them
    /// behind its address.
    public var shell: String {
        guard !nodes.isEmpty else {
            return ShellCommand.render(argv, environment: environment, secrets: environmentSecrets)
        }
        // A worker of llama.cpp's asks nobody for a key, and one of vLLM's answers nobody.
        return nodes.enumerated().map { rank, node in
            let secrets = rank == 0 ? environmentSecrets : [:]
            let line = ShellCommand.line(node.argv, environment: node.environment, secrets: secrets)
            return "# \(node.address)\n\(line)"
        }.joined(separator: "\n")
    }
}
