import Catalog

extension EngineRun {
    /// What a status means that a process in a container ended with, for example `was killed (SIGKILL, status 137)`.
    public static func words(forStatus status: Int) -> String {
        if let signal = Signature.Ending.signalName(ofStatus: status) {
            return switch signal {
            case "SIGKILL": "was killed (SIGKILL, status \(status))"
            case "SIGTERM", "SIGINT": "was stopped (\(signal), status \(status))"
            case "SIGILL", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV": "crashed (\(signal), status \(status))"
            default: "was ended by a signal (\(signal), status \(status))"
            }
        }
        return switch status {
        case 0: "ended with status 0"
        case 126: "could not execute its command (status 126)"
        case 127: "did not find its command (status 127)"
        default: "ended with status \(status)"
        }
    }
}
