import Docker
import Engines
import FoundationEssentials
import Platform

extension DockerClient {
    /// From when on the log of a container is about its last run; `nil` if there was none.
    ///
    /// Engines write down that a process began when it has already written its first lines. So it is what ended before
    /// it that bounds its log: the run before, and others whose `ends` are known.
    func lastRunStart(of container: Docker.Container, after ends: [EngineTime] = []) async -> EngineTime? {
        guard let startedAt = container.state.startedAt?.unlessNever else { return nil }
        let early = EngineTime(seconds: startedAt.seconds - 1, nanoseconds: startedAt.nanoseconds)
        var before = ends
        // While it runs, its end is that of the run before.
        if container.state.running, let end = container.state.finishedAt?.unlessNever { before.append(end) }
        if let death = await lastDeath(of: container, from: early, to: startedAt) { before.append(death) }
        return max(early, before.filter { $0 < startedAt }.max() ?? early)
    }

    /// When the last run of a container had ended and all that it wrote was in its log, as far as that is known.
    func lastRunEnd(of container: Docker.Container) async -> EngineTime? {
        guard let now = try? await self.container(container.id), !now.state.running,
            let startedAt = now.state.startedAt?.unlessNever,
            let finishedAt = now.state.finishedAt?.unlessNever
        else { return nil }
        // The engine writes down the end of the process, and reads on what is left of its output.
        let latest = EngineTime(seconds: finishedAt.seconds + 10, nanoseconds: finishedAt.nanoseconds)
        return await lastDeath(of: now, from: startedAt, to: latest) ?? finishedAt
    }

    /// When a container's process last ended within a span, by what the engine remembers; it forgets in time.
    private func lastDeath(of container: Docker.Container, from start: EngineTime, to end: EngineTime) async
        -> EngineTime?
    {
        // What lies ahead would be waited for.
        let end = min(end, EngineTime(.now))
        guard let events = try? await events(of: container.id, actions: ["die"], since: start, until: end)
        else { return nil }
        var last: EngineTime?
        while let event = try? await events.next() {
            if let nanoseconds = event.nanoseconds { last = EngineTime(nanoseconds: nanoseconds) }
        }
        return last
    }

    /// What a container has written since its process last began; a log that the engine does not give is reported.
    func lastRunLog(of container: Docker.Container, after ends: [EngineTime], report: Reporter)
        async throws(Failure) -> RunLog
    {
        var log = RunLog()
        guard let start = await lastRunStart(of: container, after: ends) else { return log }
        let selection = LogSelection(tail: RunLog.mostLines, since: start)
        do throws(DockerError) {
            let output = try await logs(of: container, selection)
            while let piece = try await output.next() {
                log.take(piece.bytes, of: piece.kind == .errors ? 1 : 0)
            }
        } catch {
            // Some log drivers only send away, and a container may be removed under us.
            switch error {
            case .engine, .unsupported, .conflict, .notFound, .malformedStream:
                report(.warning("the log of `\(container.shownName)` cannot be read: \(error)"))
            default: throw Failure(docker: error)
            }
        }
        log.finish()
        return log
    }
}

extension EngineTime {
    /// A moment of this machine's clock.
    fileprivate init(_ date: Date) {
        let time = date.timeIntervalSince1970
        self.init(seconds: Int64(time.rounded(.down)), nanoseconds: Int32((time - time.rounded(.down)) * 1e9))
    }

    fileprivate init(nanoseconds: Int64) {
        self.init(seconds: nanoseconds / 1_000_000_000, nanoseconds: Int32(nanoseconds % 1_000_000_000))
    }

    /// As RFC 3339 has it, to the nanosecond; it reads back as the same moment.
    var text: String {
        let digits = String(nanoseconds)
        let fraction = String(repeating: "0", count: 9 - digits.count) + digits
        return "\(date.formatted(.iso8601).dropLast()).\(fraction)Z"
    }
}
