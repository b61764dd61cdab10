import Conversion
import Docker
import Hub
public import Platform
import Store
import Transfer

/// Why an operation could not be done, worded for the person who asked.
public struct Failure: Error, Sendable, CustomStringConvertible {
    /// What it means to a script; decides the exit status.
    public enum Kind: Sendable, CaseIterable {
        case failed, usage, notFound, conflict, invalid, refused, unavailable, noSpace, unsupported, notReady,
            cancelled
    }
    /// What it means to a script.
    public let kind: Kind
    /// One lowercase sentence without a full stop; names and commands in backticks.
    public let message: String
    /// What to type or change next.
    public let hint: String?
    /// The fact behind it, shown with `--verbose`.
    public let cause: (any Error)?

    /// Words a failure.
    public init(_ kind: Kind, _ message: String, hint: String? = nil, cause: (any Error)? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    /// The message.
    public var description: String { message }

    /// The same failure with another hint, where it had none.
    func hinting(_ hint: String) -> Failure {
        Failure(kind, message, hint: self.hint ?? hint, cause: cause)
    }

    /// When a wait will be over, for example `until 14:05, for another 9 min`.
    static func until(_ rest: Duration) -> String {
        let seconds = rest.components.seconds
        let left = seconds < 120 ? "\(seconds) s" : "\((seconds + 59) / 60) min"
        return "until \(wallClock(after: rest)), for another \(left)"
    }

    /// The same failure with another hint, if there is one.
    func hinting(instead hint: String?) -> Failure {
        Failure(kind, message, hint: hint ?? self.hint, cause: cause)
    }
}

extension Failure {
    /// Words any fact that a room states.
    init(_ error: any Error) {
        self =
            switch error {
            case let failure as Failure: failure
            case let error as SystemError: Failure(system: error)
            case let error as StoreError: Failure(store: error)
            case let error as TransferError: Failure(transfer: error)
            case let error as DockerError: Failure(docker: error)
            case let error as ConversionError: Failure(conversion: error)
            case let error as HuggingFaceError: Failure(folder: error)
            case is CancellationError: Failure(.cancelled, "interrupted")
            default: Failure(.failed, "\(error)", cause: error)
            }
    }

    /// Words what the kernel answered.
    public init(system error: SystemError) {
        let kind: Kind =
            error.isNoSpace
            ? .noSpace : error.isAccessRefused ? .refused : error.isNotFound ? .notFound : .failed
        let hint: String? =
            switch kind {
            case .refused:
                "check the owner and the mode of the folder, and whether its filesystem is mounted read-only"
            case .noSpace:
                "see `stackctl df`, and what `stackctl rm` could remove; what has arrived of a pull is kept"
            default: nil
            }
        self.init(kind, "\(error)", hint: hint, cause: error)
    }

    init(store error: StoreError) {
        switch error {
        case .system(let error): self.init(system: error)
        case .malformedManifest:
            self.init(
                .invalid,
                "\(error)",
                hint: "remove the file, or pull the model again with `--force`",
                cause: error
            )
        case .malformedState(let path, _):
            self.init(
                .invalid,
                "\(error)",
                hint: "remove `\(path)`: `stackctl use MODEL` writes it anew",
                cause: error
            )
        case .invalidName: self.init(.invalid, "\(error)", cause: error)
        case .foreignFiles:
            self.init(
                .conflict,
                "\(error)",
                hint: "move them away; stackctl replaces only what it put there",
                cause: error
            )
        case .nameTaken:
            self.init(.conflict, "\(error)", hint: "choose another name with `--as NAME`", cause: error)
        case .spelledOtherwise(_, let model):
            let hint = "name it `\(model)` if that is what it is, or choose another name with `--as NAME`"
            self.init(.conflict, "\(error)", hint: hint, cause: error)
        case .busy:
            self.init(.conflict, "\(error)", hint: "wait until it has finished, then try again", cause: error)
        }
    }

    init(transfer error: TransferError) {
        switch error {
        case .system(let error): self.init(system: error)
        case .wrongHash(let file, _, _, let differing):
            let again =
                differing.isEmpty
                ? "the same bytes came twice"
                : "\(differing.count) of its segments came with other bytes the second time"
            self.init(
                .invalid,
                "`\(file)` arrived with another hash than is declared for it: \(again); nothing was stored",
                hint: "a proxy or the server's copy may be damaged: try another network, or later",
                cause: error
            )
        case .wrongSize(let file, let expected, let actual):
            self.init(
                .invalid,
                "`\(file)` has changed at its source: it has \(actual.bytes) bytes, not \(expected.bytes)",
                hint: "run the same command again: it asks anew which files there are",
                cause: error
            )
        case .changed(let file, let what):
            self.init(
                .invalid,
                "`\(file)` is not the file any more that it was when this pull began: \(what)",
                hint: "run the same command again",
                cause: error
            )
        case .heldOff(let host, let seconds):
            self.init(
                .unavailable,
                "`\(host)` takes no more requests \(Self.until(.seconds(seconds)))",
                hint: "what has arrived is kept: run the same command again then",
                cause: error
            )
        case .notTheFile: self.init(.invalid, "\(error)", cause: error)
        case .refused(let file, let status):
            self.init(.refused, "the server refuses `\(file)` with status \(status)", cause: error)
        case .gaveUp(let file, let reason):
            self.init(
                .unavailable,
                "no progress on `\(file)`: \(reason)",
                hint: "what has arrived is kept: run the same command again",
                cause: error
            )
        }
    }
}
