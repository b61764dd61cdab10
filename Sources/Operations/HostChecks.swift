public import Host
import Platform

extension Doctor {
    /// What there is to say of the memory, the processor and the GPUs of a host.
    public static func checks(of host: HostProfile) -> [HealthCheck] {
        var checks = [memory(host.memory), processor(host.processor)]
        checks += host.gpus.enumerated().map { gpu($1, $0) }
        if let driver = host.driver {
            let cuda =
                driver.cuda.map { "which runs CUDA up to \($0)" } ?? "which does not say what CUDA it runs"
            checks.append(check("driver", "NVIDIA's driver \(driver.version), \(cuda)"))
        }
        if let trouble = host.gpuTrouble {
            checks.append(self.trouble(trouble, isAlone: !host.gpus.contains { $0.vendor == .nvidia }))
        } else if host.gpus.isEmpty {
            checks.append(check("gpus", "no GPU of NVIDIA or AMD: models run on the processor"))
        }
        return checks
    }

    private static func check(_ name: String, _ message: String) -> HealthCheck {
        HealthCheck(check: name, state: .ok, message: message, fix: nil)
    }

    private static func memory(_ memory: Memory) -> HealthCheck {
        var message = "\(memory.installed), "
        message += memory.available.map { "\($0) of it available" } ?? "how much is available is not known"
        if let limit = memory.limit, limit < memory.installed {
            message += "; this process may use \(limit)"
        }
        if memory.swapTotal > 0 { message += "; \(memory.swapTotal) of swap" }
        return check("memory", message)
    }

    private static func processor(_ processor: Processor) -> HealthCheck {
        let name = processor.name ?? "\(processor.architecture)"
        let cores = processor.cores.map { "\(count($0, "core")), " } ?? ""
        let message = "\(name): \(cores)\(count(processor.usableThreads, "thread")) to use"
        guard processor.architecture == "x86_64", !processor.features.contains(.avx2) else {
            let features = processor.features.sorted().map(\.rawValue).joined(separator: " ")
            return check("processor", features.isEmpty ? message : "\(message), with \(features)")
        }
        return HealthCheck(
            check: "processor",
            state: .warning,
            message: "\(message), without AVX2",
            fix: """
                on this processor models are slow, and vLLM's image for processors does not run: use a GPU, or \
                another machine
                """
        )
    }

    private static func gpu(_ gpu: GPU, _ position: Int) -> HealthCheck {
        let shared = gpu.isUnified ? ", which are the machine's" : ""
        let memory = gpu.free.map { "\($0) free of \(gpu.vram)" } ?? "\(gpu.vram)"
        var message = "\(gpu.name): \(memory)\(shared)"
        if let capability = gpu.computeCapability { message += ", compute capability \(capability)" }
        if let processes = gpu.processes, !processes.isEmpty {
            message += ", used by " + processes.map(words(for:)).joined(separator: ", ")
        }
        guard gpu.isPartitioned else { return check("gpu.\(position)", message) }
        return HealthCheck(
            check: "gpu.\(position)",
            state: .warning,
            message: "\(message); it is divided into instances (MIG), and a model has only one of them",
            fix: """
                name the instance in the stack's Compose file (`nvidia-smi -L` lists them), or undo the division \
                with `sudo nvidia-smi -i \(gpu.index) -mig 0`
                """
        )
    }

    private static func words(for process: GPUProcess) -> String {
        let name = process.name.map { "`\($0)`" } ?? "process \(process.pid)"
        return process.memory.map { "\(name) (\($0))" } ?? name
    }

    // MARK: Trouble

    private static func trouble(_ trouble: GPUTrouble, isAlone: Bool) -> HealthCheck {
        let (message, fix) = words(for: trouble)
        var state = isAlone ? HealthCheck.State.problem : .warning
        // Nothing is broken: whoever has not installed the driver may want the processor.
        if case .noTool = trouble { state = .warning }
        return HealthCheck(check: "gpus", state: state, message: message, fix: fix)
    }

    /// What is wrong with a vendor's tool, and what to do.
    static func words(for trouble: GPUTrouble) -> (message: String, fix: String) {
        switch trouble {
        case .noTool(let devices):
            let them = devices == 1 ? "it" : "them"
            return (
                "\(count(devices, "NVIDIA GPU")), and no `nvidia-smi` to ask about \(them)",
                "install NVIDIA's driver, then restart the machine; in a container, start it with `--gpus all`"
            )
        case .notStarted(let error): return ("\(error)", "install NVIDIA's driver anew")
        case .silent(let tool, let time):
            return (
                "`\(tool)` has not answered within \(time.components.seconds) s",
                "the driver hangs: `sudo dmesg | grep NVRM` tells why; restart the machine"
            )
        case .failed(let tool, let status, let words):
            return ("`\(tool)` ended with status \(status): \(words)", fix(forStatus: status))
        case .notUnderstood(let tool, let words):
            let said = words.isEmpty ? "nothing" : "only: \(words)"
            return ("`\(tool)` says \(said)", "`sudo dmesg | grep NVRM` tells what the driver misses")
        }
    }

    /// The tool's statuses are the codes of NVIDIA's management library.
    private static func fix(forStatus status: Int32) -> String {
        switch status {
        case 4: "let this user, or this container, use the devices `/dev/nvidia*`"
        case 9: "load the driver with `sudo modprobe nvidia`; if it has none for this kernel, install it anew"
        case 15, 16: "restart the machine; if it comes again, the GPU or its power may be at fault"
        case 18: "the driver was updated while it was in use: restart the machine"
        default: "`sudo dmesg | grep NVRM` tells why; then install the driver anew, or restart the machine"
        }
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
