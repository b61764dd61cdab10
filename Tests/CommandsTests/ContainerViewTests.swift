import ArgumentParser
import Console
import FoundationEssentials
import Platform
import TestSupport
import Testing

@testable import Commands
@testable import Operations

/// How the running stack looks to a person.
struct ContainerViewTests {
    private func status(_ text: String = "stackctl-llamacpp") -> [StackStatus] {
        [
            StackStatus(
                stack: "llamacpp",
                container: text,
                state: "running",
                health: "healthy",
                ready: true,
                model: text,
                startedAt: Date(timeIntervalSinceNow: -7325),
                restarts: 2,
                exitCode: nil,
                outOfMemory: nil,
                image: text,
                gpu: "all",
                memoryBytes: 4_700_000_000
            ),
            StackStatus(
                stack: "vllm",
                container: "stackctl-vllm",
                state: "exited",
                health: nil,
                ready: false,
                model: nil,
                startedAt: nil,
                restarts: 0,
                exitCode: 137,
                outOfMemory: true,
                image: nil,
                gpu: nil,
                memoryBytes: nil
            ),
        ]
    }

    @Test func `the status of a stack is a line`() {
        let table = StackStatusView.table(status(), for: terminal(columns: 200))
        let lines = table.split(separator: "\n").map(String.init)
        #expect(
            lines
                == [
                    "STACK     CONTAINER          STATE                  HEALTH   READY  MODEL                 UP  "
                        + "RESTARTS  GPU  MEMORY",
                    "llamacpp  stackctl-llamacpp  running                healthy  yes    stackctl-llamacpp  2 h 2 m  "
                        + "       2  all  4.7 GB",
                    "vllm      stackctl-vllm      exited, out of memory  -        no     -                        -  "
                        + "       0  -         -",
                ].map { $0.replacing("MODEL                 UP", with: "MODEL                   UP") }
        )
    }

    @Test func `a status that ended by itself says with what`() {
        let ended = StackStatus(
            stack: "a",
            container: "b",
            state: "exited",
            health: nil,
            ready: false,
            model: nil,
            startedAt: nil,
            restarts: 0,
            exitCode: 3,
            outOfMemory: false,
            image: nil,
            gpu: nil,
            memoryBytes: nil
        )
        #expect(StackStatusView.table([ended], for: terminal(columns: 200)).contains("exited (3)"))
    }

    @Test(arguments: [40, 80, 200])
    func `names from outside cannot command the terminal`(columns: Int) {
        let table = StackStatusView.table(
            status("evil\u{1B}]0;x\u{7}\u{202E}\r\n"),
            for: terminal(columns: columns)
        )
        #expect(table.unicodeScalars.allSatisfy { $0 == "\n" || ($0.value >= 0x20 && $0 != "\u{202E}") })
        #expect(table.count { $0 == "\n" } == 3)
    }

    @Test(
        arguments: [
            (.start, true, false, nil, "`a` started\n"), (.start, false, false, nil, "`a` runs already\n"),
            (.stop, true, false, nil, "`a` stopped\n"), (.stop, false, true, nil, "`a` does not run\n"),
            (.restart, true, true, nil, "would restart `a`\n"),
            (.restart, true, false, 950, "`a` restarted, answers after 950 ms\n"),
            (.restart, true, false, 83_000, "`a` restarted, answers after 1 m 23 s\n"),
        ] as [(ContainerChange.Action, Bool, Bool, Int?, String)]
    )
    func `what was done is told`(
        action: ContainerChange.Action,
        changed: Bool,
        isDryRun: Bool,
        milliseconds: Int?,
        text: String
    ) {
        let change = ContainerChange(
            stack: "s",
            container: "a",
            action: action,
            changed: changed,
            ready: nil,
            readyAfterMilliseconds: milliseconds
        )
        #expect(ContainerChangeView.text(change, isDryRun: isDryRun) == text)
    }

    @Test func `what a container takes is a line`() {
        let use = ContainerUse(
            stack: "llamacpp",
            container: "c",
            cpuPercent: 152.3,
            memoryBytes: 4_700_000_000,
            memoryLimitBytes: 64_000_000_000,
            receivedBytes: 1000,
            sentBytes: 2000,
            readBytes: 0,
            writtenBytes: 0,
            processes: 12
        )
        let table = ContainerUseView.table([use], for: terminal(columns: 200))
        #expect(table.contains("llamacpp  c          152.3%  4.7 GB  64 GB    1.0 kB  2.0 kB"))
    }
}

/// `exec` and what is typed behind it.
struct ExecInvocationTests {
    private func arguments(_ typed: String) throws -> String {
        try Invocation(
            typed.split(separator: " ").map(String.init),
            environment: ["STACKCTL_HOME": "/nowhere"]
        )
        .arguments.joined(separator: " ")
    }

    @Test(arguments: [
        ("exec ls -la", "exec ls -la"), ("mistral exec ls -la", "exec --stack mistral ls -la"),
        ("-q mistral exec -it -- sh -c x", "exec -q --stack mistral -it -- sh -c x"),
        ("mistral exec -- echo --json", "exec --stack mistral -- echo --json"),
    ])
    func `options before the verb stay before the command`(typed: String, expected: String) throws {
        #expect(try arguments(typed) == expected)
    }

    @Test(arguments: [
        ("exec ls -la", ["ls", "-la"]), ("exec -- ls -la", ["ls", "-la"]),
        ("exec -it -- sh -c x", ["sh", "-c", "x"]),
        ("exec -i sh -t", ["sh", "-t"]), ("exec -- -x", ["-x"]), ("exec -- a -- b", ["a", "--", "b"]),
        ("exec -e A=1 -u me -w /d env -u B", ["env", "-u", "B"]),
    ])
    func `the command is taken as it stands`(typed: String, words: [String]) throws {
        let command = try Stackctl.parseAsRoot(typed.split(separator: " ").map(String.init))
        let exec = try #require(command as? ExecRun)
        #expect(exec.command.first == "--" ? Array(exec.command.dropFirst()) == words : exec.command == words)
    }

    @Test(arguments: [
        "status --watch --json", "restart --wait --timeout 10m -n -y", "restart", "stop -n", "start -y",
        "logs -f --tail 5 --since 10m -t", "logs --since 2026-11-21T12:00:00Z", "stats --no-stream", "up -n",
        "down -y",
    ])
    func `every verb of a running stack is understood`(typed: String) {
        #expect(throws: Never.self) {
            try Stackctl.parseAsRoot(typed.split(separator: " ").map(String.init))
        }
    }

    @Test(arguments: [
        "exec", "exec --", "exec --nope -- x", "exec -e =x x", "restart --timeout 5m",
        "restart --wait --timeout soon",
        "logs --tail -1", "logs --since soon", "logs x", "up x",
    ])
    func `what makes no sense is a mistake of usage`(typed: String) throws {
        let error = #expect(throws: (any Error).self) {
            try Stackctl.parseAsRoot(typed.split(separator: " ").map(String.init))
        }
        #expect(error.map { Stackctl.exitCode(for: $0).rawValue } == 64)
    }
}
