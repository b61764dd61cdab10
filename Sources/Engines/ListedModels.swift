/// The models that a server says it has, in the shape that all three engines share.
struct ListedModels: Decodable {
    /// How a model is doing, where the engine has several.
    struct Status: Decodable, Equatable {
        /// `loaded`, `unloaded`, `loading` and so on.
        let value: String
        /// The words of the command that llama.cpp's router starts it with.
        let arguments: [String]
        /// Whether its process has ended by itself.
        let hasFailed: Bool
        /// What the process ended with.
        let exitCode: Int?

        private enum Keys: String, CodingKey { case value, args, failed, exitCode = "exit_code" }

        /// llama.cpp's router says it in an object, mistral.rs in a word.
        init(from decoder: any Decoder) throws {
            if let word = try? decoder.singleValueContainer().decode(String.self) {
                (value, arguments, hasFailed, exitCode) = (word, [], false, nil)
                return
            }
            let values = try decoder.container(keyedBy: Keys.self)
            value = try values.decode(String.self, forKey: .value)
            arguments = (try? values.decode([String].self, forKey: .args)) ?? []
            hasFailed = (try? values.decode(Bool.self, forKey: .failed)) ?? false
            exitCode = try? values.decode(Int.self, forKey: .exitCode)
        }

        /// Whether the model answers, be it that it has to be woken.
        var isLoaded: Bool { value == "loaded" || value == "sleeping" }
    }

    /// A model, or an adapter.
    struct Entry: Decodable {
        /// What it is called.
        let id: String
        /// What else it is called.
        let aliases: [String]?
        /// The model that an adapter of vLLM belongs to.
        let parent: String?
        /// Where vLLM has it from.
        let root: String?
        /// How it is doing.
        let status: Status?

        /// Whether a person means it by a name.
        func isCalled(_ name: String) -> Bool { id == name || aliases?.contains(name) == true }

        /// Whether it is what lies at a path, or below it.
        func isAt(_ path: String) -> Bool {
            ([id, root].compactMap { $0 } + (status?.arguments ?? [])).contains {
                $0 == path || $0.hasPrefix("\(path)/")
            }
        }
    }

    /// All of them, in the server's order.
    let data: [Entry]
    /// Without mistral.rs's second name for its usual model.
    var proper: [Entry] { data.filter { $0.id != "default" } }
}
