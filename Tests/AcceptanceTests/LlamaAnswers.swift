import Synchronization

/// What the server of a stack says that it serves while something happens to it: it is asked again and again.
///
/// It is not asked to compute: a server that is told to end meanwhile waits for whoever has asked for that.
final class LlamaAnswers: Sendable {
    private struct Answer {
        let model: String
        let moment: ContinuousClock.Instant
    }

    private final class Heard: Sendable {
        let answers = Mutex<[Answer]>([])
    }

    private let heard: Heard
    private let asking: Task<Void, Never>

    init(_ stack: LlamaStackHome) {
        let heard = Heard()
        self.heard = heard
        asking = Task {
            // None waits for the one before, which may hang while the port leads nowhere.
            await withTaskGroup { group in
                while !Task.isCancelled {
                    group.addTask {
                        guard let model = try? await stack.servedModel() else { return }
                        heard.answers.withLock { $0.append(Answer(model: model, moment: .now)) }
                    }
                    try? await Task.sleep(for: .milliseconds(10))
                }
            }
        }
    }

    deinit { asking.cancel() }

    /// Waits for one more answer and asks no more; tells the models in their order, and the longest time between two
    /// answers.
    func finish() async throws -> (models: [String], longestSilence: Duration) {
        let (now, end) = (ContinuousClock.now, ContinuousClock.now + .seconds(60))
        while heard.answers.withLock({ $0.last.map { $0.moment < now } ?? true }), ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(2))
        }
        asking.cancel()
        return heard.answers.withLock { answers in
            let models = answers.reduce(into: [String]()) { if $0.last != $1.model { $0.append($1.model) } }
            let pauses = zip(answers, answers.dropFirst()).map { $0.moment.duration(to: $1.moment) }
            return (models, pauses.max() ?? .zero)
        }
    }
}
