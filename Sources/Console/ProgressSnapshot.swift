import Platform

/// What there is to say of several things under way at one moment.
public struct ProgressSnapshot: Sendable {
    /// All things as one.
    let total: ProgressState
    /// The things under way, in the order in which they were named.
    let active: [ProgressState]
    /// The number of all things.
    let count: Int
    /// The number of those that are done.
    let finished: Int
    /// When the first thing came further for the first time.
    let began: ContinuousClock.Instant?
    /// What has happened since the snapshot before.
    let news: [ProgressNews]
}

/// Something that is said once.
enum ProgressNews: Sendable {
    case message(kind: String, text: String, line: String?)
    case stage(ProgressStage)
    case change(ProgressState, isTotal: Bool)
}

/// What the whole is at from now on.
struct ProgressStage: Sendable {
    let phase: String
    /// A sentence for people; `nil` if they want to hear none.
    let text: String?
    /// Whether people are to know it even where it shows otherwise.
    let isUrgent: Bool
    let began: ContinuousClock.Instant
}

/// A line of the JSON mode.
struct ProgressEvent: Encodable {
    private let event: String
    private var message: String?
    private var scope: String?
    private var name: String?
    private var phase: String?
    private var doneBytes: ByteCount?
    private var totalBytes: ByteCount?
    private var bytesPerSecond: ByteCount?
    private var secondsLeft: Int64?
    private var host: String?
    private var untilSeconds: Int64?

    init(_ state: ProgressState, isTotal: Bool) {
        event = "progress"
        scope = isTotal ? "total" : "item"
        (name, phase, doneBytes, totalBytes) = (state.name, state.phase, state.done, state.total)
        (bytesPerSecond, secondsLeft) = (state.rate, state.secondsLeft)
        (host, untilSeconds) = (state.wait?.host, state.wait?.seconds)
    }

    init(_ stage: ProgressStage) {
        event = "stage"
        (phase, message) = (stage.phase, stage.text)
    }

    init(kind: String, _ text: String) {
        event = kind
        message = text
    }

    /// The line, ended.
    var line: String {
        guard let line = try? JSON.encodeLine(self) else {
            preconditionFailure("texts and numbers have a JSON")
        }
        return String(decoding: line, as: UTF8.self) + "\n"
    }
}
