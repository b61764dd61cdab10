import Catalog
import Engines
import Host
import Platform
import SystemPackage

/// What to do on a host without NVIDIA GPUs about a Compose file that asks for some.
struct GPUAdvice: Sendable {
    private let stack: Stack
    private let environment: Environment

    init(_ stack: Stack, environment: Environment) {
        self.stack = stack
        self.environment = environment
    }

    /// A reason with the fix that this host needs.
    func fitted(_ reason: Reason, model: String?) async -> Reason {
        guard reason.isAboutGPU, let command = removal else { return reason }
        guard await HostProfile.read(environment: environment).isWithoutNVIDIA else { return reason }
        var fitted = reason
        let next = "stackctl \(stack.name) use \(model ?? "MODEL")"
        fitted.fix = "this host has no NVIDIA GPU to hand out: `\(command)`, then `\(next)`"
        return fitted
    }

    /// The command that has the stack's Compose file ask for no GPU; `nil` where it asks for none.
    var removal: String? {
        guard let file = ComposeFile(at: stack.composeFile), let service = file.service(of: stack.container),
            let lines = file.linesOfGPUs(in: service)
        else { return nil }
        let words = ["sed", "-i", "\(lines.lowerBound),\(lines.upperBound)d", stack.composeFile.string]
        return words.map(ShellCommand.quoted).joined(separator: " ")
    }
}

extension HostProfile {
    /// Whether it is known that there is no GPU of NVIDIA's, with or without a driver.
    var isWithoutNVIDIA: Bool {
        driver == nil && gpuTrouble == nil && !gpus.contains { $0.vendor == .nvidia }
    }
}
