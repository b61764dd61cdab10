import Glibc
import SystemPackage

/// Runs a call that answers -1 on failure, again when a signal interrupted it.
@discardableResult
func systemCall<Answer: SignedInteger>(
    _ operation: String,
    _ path: FilePath?,
    _ body: () -> Answer
) throws(SystemError) -> Answer {
    while true {
        let answer = body()
        if answer != -1 { return answer }
        let reason = Errno(rawValue: errno)
        if reason != .interrupted { throw SystemError(reason, operation: operation, path: path) }
    }
}
