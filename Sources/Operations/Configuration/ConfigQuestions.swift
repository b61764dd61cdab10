public import Catalog
import SystemPackage

/// What a person is asked for the configuration of a model.
public struct ConfigQuestions: Sendable {
    /// A question about one setting.
    public struct Question: Sendable {
        /// The setting.
        public let setting: Setting
        /// What is asked.
        public let text: String
        /// The answer of who just presses Enter; nothing where it is then left out.
        public internal(set) var usual: String

        /// What is wrong with an answer; an empty one leaves the setting out.
        public func problem(with answer: String) -> String? {
            if answer.isEmpty { return nil }
            do throws(DeclarationError) {
                _ = try setting.rule.read(answer, place: setting.path)
                return nil
            } catch { return error.message }
        }
    }

    /// The model.
    public let model: String
    /// The questions, in order; what is set already is what Enter leaves as it is.
    public let questions: [Question]
    /// The configuration that is changed, if there is one.
    private let present: ModelConfig?

    /// The questions for a model on the workspace's stack.
    public init(_ model: String, in workspace: Workspace) async throws(Failure) {
        self.model = model
        let engine = try workspace.stack().engine
        let reference: ModelReference
        do throws(ModelReferenceError) { reference = try ModelReference(parsing: model) } catch {
            throw Failure(.invalid, "\(error)", cause: error)
        }
        let limit = try workspace.catalog().entry(for: reference)?.entry.context
        let context = min(limit ?? 16_384, 16_384)
        let all = [
            Question(
                setting: SettingKey.context.setting,
                text: "Tokens of context" + (limit.map { ", of at most \($0)" } ?? "") + "?",
                usual: "\(context)"
            ),
            Question(
                setting: SettingKey.parallel.setting,
                text: "Requests that are served at once?",
                usual: ""
            ),
            Question(
                setting: SettingKey.gpuLayers.setting,
                text: "Layers on the GPU (auto, all or a number)?",
                usual: "auto"
            ),
            Question(
                setting: SettingKey.memoryFraction.setting,
                text: "The share of the GPU's memory that the engine may take?",
                usual: engine == .vllm ? "0.9" : ""
            ),
            Question(
                setting: SettingKey.cacheType.setting,
                text: "The type of the cache (f16; q8_0 takes half)?",
                usual: ""
            ),
            Question(setting: SettingKey.temperature.setting, text: "Temperature, from 0 to 2?", usual: ""),
            Question(setting: SettingKey.maxTokens.setting, text: "Tokens of an answer at most?", usual: ""),
        ]
        present = try await ConfigLookup(model).find(in: workspace)
        let set = present?.settings
        questions = all.filter { $0.setting.engines.contains(engine) }.map { question in
            var question = question
            if let value = set?[question.setting]?.value { question.usual = value.plain }
            return question
        }
    }

    /// The text of the file that the answers make, those to the questions in order.
    public func text(_ answers: [String], in workspace: Workspace) async throws(Failure) -> String {
        var bytes: [UInt8]
        if let present {
            do throws(DeclarationError) {
                bytes = try workspace.home.configText(named: present.name)?.bytes ?? []
            } catch {
                throw Failure(declaration: error)
            }
        } else {
            let draft = try await ConfigNew(model).run(in: workspace, isDryRun: true, force: true)
            bytes = Array(draft.text.utf8)
        }
        do throws(DeclarationError) {
            for (question, answer) in zip(questions, answers) where !answer.isEmpty {
                let path = question.setting.path
                let value = try question.setting.rule.read(answer, place: path)
                if present?.settings[question.setting]?.value == value { continue }
                bytes = try YAMLEdit.set(path, to: value).applied(to: bytes, file: model)
            }
        } catch { throw Failure(declaration: error) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes the file.
    public func write(_ text: String, in workspace: Workspace) async throws(Failure) -> String {
        let name: String
        if let present {
            name = present.name
        } else {
            name = try await ConfigLookup(model).newName(in: workspace)
        }
        do throws(DeclarationError) {
            return try workspace.home.changeConfig(named: name) { _ in Array(text.utf8) }.string
        } catch { throw Failure(declaration: error) }
    }
}
