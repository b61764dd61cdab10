import Console
import Platform
import Testing

struct ProgressBarTests {
    private let state = ProgressState(
        name: "qwen2.5-coder-32b-instruct-q4_k_m.gguf",
        done: 9_050_000_000,
        total: 19_900_000_000,
        rate: 112_000_000,
        secondsLeft: 97
    )
    private var noted: ProgressState {
        ProgressState(name: state.name, done: state.done, total: state.total, note: "waiting 4:59")
    }

    struct Frame: Sendable, CustomTestStringConvertible {
        let width: Int
        let line: String
        var testDescription: String { "\(width) columns" }
    }

    @Test(arguments: [
        Frame(
            width: 120,
            line: "qwen2.5-coder-32b-instruct-q4_k_m.gguf  ████████████████░░░░░░░░░░░░░░░░░░░░░  45%"
                + "  9.1 GB / 20 GB    112 MB/s      1:37"
        ),
        Frame(
            width: 100,
            line: "qwen2.5-coder-32b-instruct-q4_k_m.gguf  ███████░░░░░░░░░░  45%"
                + "  9.1 GB / 20 GB    112 MB/s      1:37"
        ),
        Frame(
            width: 80,
            line: "qwen2.5-coder…t-q4_k_m.gguf  ███░░░░░  45%  9.1 GB / 20 GB    112 MB/s      1:37"
        ),
        Frame(width: 60, line: "qwen2.5-…k_m.gguf  ███░░░░░  45%  9.1 GB / 20 GB    112 MB/s"),
        Frame(width: 50, line: "qwen2.5-c…k_m.gguf  ███░░░░░  45%  9.1 GB / 20 GB"),
        Frame(width: 40, line: "qwen2.5-c…k_m.gguf  45%  9.1 GB / 20 GB"),
        Frame(width: 30, line: "qwen2.5-code…-q4_k_m.gguf  45%"),
        Frame(width: 10, line: "qw…uf  45%"),
        Frame(width: 7, line: "45%"),
        Frame(width: 2, line: "4…"),
        Frame(width: 0, line: ""),
    ])
    func `a narrow line goes without time, rate, bar and amount in turn`(_ frame: Frame) {
        #expect(ProgressBar.frame(state, width: frame.width, style: .plain) == frame.line)
    }

    @Test(arguments: [
        Frame(
            width: 100,
            line: "qwen2.5-coder-32b-instruct-q4_k_m.gguf  ███████░░░░░░░░░░  45%"
                + "  9.1 GB / 20 GB   waiting 4:59"
        ),
        Frame(width: 60, line: "qwen2.5…m.gguf  ███░░░░░  45%  9.1 GB / 20 GB   waiting 4:59"),
        Frame(width: 50, line: "qwen2.5…m.gguf  45%  9.1 GB / 20 GB   waiting 4:59"),
        Frame(width: 40, line: "qwen2.5-co…4_k_m.gguf  45%  waiting 4:59"),
        Frame(width: 20, line: "qwe…uf  waiting 4:59"),
        Frame(width: 12, line: "waiting 4:59"),
        Frame(width: 8, line: "waiting…"),
    ])
    func `the note of a narrow line outlives bar, amount and share`(_ frame: Frame) {
        #expect(ProgressBar.frame(noted, width: frame.width, style: .plain) == frame.line)
    }

    @Test(arguments: [
        "a", "模型-\u{1B}[2J.gguf", "qwen2.5-coder-32b-instruct-q4_k_m-00001-of-00009.gguf",
        "👩‍👩‍👧.safetensors",
        "",
    ])
    func `no frame is wider than it may be, whatever is known`(_ name: String) {
        for width in Array(0...90) + [100, 130, 200] {
            for total in [nil, 0, ByteCount(.max)] as [ByteCount?] {
                for rate in [nil, 1, ByteCount(.max)] as [ByteCount?] {
                    for note in [nil, "verifying", "waiting 1:00:00", "waiting for another process"] {
                        let state = ProgressState(
                            name: name,
                            done: 4_999_999_999,
                            total: total,
                            rate: rate,
                            secondsLeft: rate == 1 ? 359_999 : nil,
                            note: note
                        )
                        let frame = ProgressBar.frame(state, width: width, style: .plain)
                        guard columns(of: frame) <= width, frame == sanitized(frame), frame.last != " " else {
                            Issue.record("\(width) columns, \(state): `\(frame)`")
                            return
                        }
                    }
                }
            }
        }
    }

    @Test func `bars stand in line under each other`() {
        let states = [
            ProgressState(name: "a.gguf", done: 0, total: 1000, rate: 10, secondsLeft: 100),
            ProgressState(name: "model-00001.gguf", done: 400, total: 1000, note: "verifying"),
            ProgressState(name: "模型.gguf", done: 800, total: 1000, rate: 10),
        ]
        func frames(_ width: Int) -> [String] {
            states.map { ProgressBar.frame($0, width: width, style: .plain, nameWidth: 16) }
        }
        #expect(
            frames(74) == [
                "a.gguf            ░░░░░░░░░░░░░   0%     0 B / 1.0 kB     10 B/s      1:40",
                "model-00001.gguf  █████░░░░░░░░  40%   400 B / 1.0 kB  verifying",
                "模型.gguf         ██████████░░░  80%   800 B / 1.0 kB     10 B/s",
            ]
        )
        #expect(
            frames(60) == [
                "a.gguf            ░░░░░░░░░   0%     0 B / 1.0 kB     10 B/s",
                "model-00001.gguf  ███░░░░░░  40%   400 B / 1.0 kB  verifying",
                "模型.gguf         ███████░░  80%   800 B / 1.0 kB     10 B/s",
            ]
        )
    }

    @Test func `without a total there is neither bar nor share nor time`() {
        let state = ProgressState(name: "model", done: 1_500_000, total: nil, rate: 1000, secondsLeft: 5)
        #expect(ProgressBar.frame(state, width: 80, style: .plain) == "model  1.5 MB   1.0 kB/s")
    }

    @Test func `a note stands in place of rate and time`() {
        let state = ProgressState(name: "model", done: 500, total: 1000, rate: 10, note: "verifying")
        let line = "model  ████████████████████░░░░░░░░░░░░░░░░░░░░  50%   500 B / 1.0 kB  verifying"
        #expect(ProgressBar.frame(state, width: 110, style: .plain) == line)
    }

    @Test func `before anything is known there is the note alone`() {
        let state = ProgressState(name: "model", done: 0, total: nil, note: "resolving")
        #expect(ProgressBar.frame(state, width: 80, style: .plain) == "model  resolving")
    }

    @Test func `the last byte makes the last percent`() {
        let total: ByteCount = 1_000_000_000_000
        let almost = ProgressState(name: "m", done: total - 1, total: total)
        #expect(ProgressBar.frame(almost, width: 20, style: .plain) == "m  99%")
        #expect(
            ProgressBar.frame(ProgressState(name: "m", done: 0, total: 0), width: 9, style: .plain)
                == "m 100%"
        )
    }

    @Test(
        arguments: [
            (1, "0:01"), (59, "0:59"), (60, "1:00"), (3599, "59:59"), (3600, "1:00:00"),
            (359_999, "99:59:59"),
            (360_000, "4 d"), (100_000_000, ""),
        ] as [(Int64, String)]
    )
    func `the time to go is short at any length`(_ seconds: Int64, _ text: String) {
        let state = ProgressState(name: "m", done: 0, total: 1000, rate: 1000, secondsLeft: seconds)
        let frame = ProgressBar.frame(state, width: 200, style: .plain)
        #expect(frame.hasSuffix(text.isEmpty ? "1.0 kB/s" : " \(text)"))
    }

    @Test func `with colour, the sequences are all that is added`() {
        let style = Style(isOn: true)
        let frame = ProgressBar.frame(state, width: 80, style: style)
        var stripped = frame
        for tone in [1, 2, 32, 0] { stripped = stripped.replacing("\u{1B}[\(tone)m", with: "") }
        #expect(stripped == ProgressBar.frame(state, width: 80, style: .plain))
        #expect(stripped != frame)
    }
}
