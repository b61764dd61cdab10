import ArgumentParser
import Operations
import Platform

/// Reads a span such as `90s` or `10m`.
func typedSpan(_ text: String) throws -> Duration {
    guard let span = Duration(parsing: text) else {
        throw ValidationError("`\(text)` is no span of time such as `90s`, `10m` or `1h30m`")
    }
    guard span > .zero else { throw ValidationError("`\(text)` is no time to wait") }
    return span
}

/// Reads from when on a log is wanted.
func typedLogStart(_ text: String) throws -> LogStart {
    guard let start = LogStart(parsing: text) else {
        throw ValidationError(
            "`\(text)` is neither a span such as `10m` nor a time such as `2026-11-21T12:00:00Z`"
        )
    }
    return start
}
