import ArgumentParser
import Catalog
import Console
import Operations

struct ConfigEdit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change the configuration of a model in your editor; what is wrong is not kept"
    )

    @Argument(help: "The configuration, or its model.")
    var config: String

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let prompt = Prompt(output: common.talk)
        guard prompt.isPossible else {
            throw Failure(
                .failed,
                "there is no terminal to edit on",
                hint: "change one value with `stackctl config set \(config) KEY VALUE`"
            )
        }
        let outcome = try await ConfigEditing(config).run(in: common.workspace()) { problems in
            for problem in problems { common.talk.say("\(sanitized("\(problem)"))\n") }
            return try await prompt.confirm("edit it again?")
        }
        try common.output.tell(outcome) { outcome.changed ? "\(outcome.path)\n" : "" }
        if !outcome.changed { common.reporter(.note("nothing was changed")) }
    }
}

struct ConfigWizard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wizard",
        abstract: "Ask for what matters, show the configuration, and write it",
        discussion: "Enter takes what stands in brackets, or leaves a setting to the engine."
    )

    @Argument(help: "The model.")
    var model: String?

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let workspace = try common.workspace()
        let prompt = Prompt(output: common.talk)
        guard prompt.isPossible else {
            throw Failure(
                .failed,
                "there is no terminal to ask on",
                hint: "`stackctl config new MODEL` makes a configuration, `stackctl config set` changes it"
            )
        }
        let model = try await chosenModel(prompt)
        let questions = try await ConfigQuestions(model, in: workspace)
        var answers: [String] = []
        for question in questions.questions {
            let text = try await answer(
                prompt,
                question.text,
                usually: question.usual,
                check: question.problem
            )
            answers.append(text)
        }
        let text = try await questions.text(answers, in: workspace)
        common.talk.say(
            "\n"
                + text.split(separator: "\n", omittingEmptySubsequences: false).map {
                    sanitized(String($0)) + "\n"
                }.joined()
        )
        do throws(PromptError) {
            guard try await prompt.confirm("write it?") else {
                return common.reporter(.note("nothing was written"))
            }
        } catch { throw Failure(.cancelled, "nothing was written") }
        let path = try await questions.write(text, in: workspace)
        try common.output.print(["path": path]) { "\(path)\n" }
    }

    private func chosenModel(_ prompt: Prompt) async throws -> String {
        if let model { return model }
        return try await answer(prompt, "Which model?", usually: "") { text in
            do throws(ModelReferenceError) {
                _ = try ModelReference(parsing: text)
                return nil
            } catch { return "\(error)" }
        }
    }

    private func answer(
        _ prompt: Prompt,
        _ question: String,
        usually usual: String,
        check: (String) -> String?
    ) async throws(Failure) -> String {
        do throws(PromptError) { return try await prompt.text(question, usually: usual, check: check) } catch
        {
            throw Failure(.cancelled, "nothing was written")
        }
    }
}
