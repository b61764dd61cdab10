import Console
import Operations

/// How `doctor` looks to a person.
enum DoctorView {
    static func text(_ checks: [HealthCheck], _ terminal: Terminal) -> String {
        var table = Table([
            .init("state", weight: .high), .init("check", weight: .high),
            .init("message", wraps: true, weight: .high),
        ])
        let tones: [HealthCheck.State: Style.Tone] = [.ok: .green, .warning: .yellow, .problem: .red]
        for check in checks {
            table.add([
                .init(check.state.rawValue, tones[check.state]), .init(check.check), .init(check.message),
            ])
        }
        let fixes = checks.compactMap { check in check.fix.map { "\(check.check): \($0)\n" } }
        return table.rendered(for: terminal) + (fixes.isEmpty ? "" : "\n") + fixes.joined()
    }
}
