import FoundationEssentials
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What is written down of what a stack serves.
struct LaunchStateTests {
    private func key(_ model: String, quant: String = "q4_k_m") throws -> ModelKey {
        try ModelKey(model: model, format: "gguf", quant: quant)
    }

    private func launch(_ model: String, argv: [String] = ["llama-server"], quant: String = "q4_k_m") throws
        -> ServedLaunch
    {
        ServedLaunch(try key(model, quant: quant), name: model, argv: argv, environment: ["A": "1"])
    }

    private func withStore(_ body: (ModelStore, TemporaryDirectory) throws -> Void) throws {
        let folder = try TemporaryDirectory()
        try body(ModelStore(volume: folder.appending("models")), folder)
    }

    // MARK: The document

    @Test func `stacks that share a volume keep their launches apart`() throws {
        try withStore { store, _ in
            var state = LaunchState()
            state.active = try launch("a")
            try store.save(state, of: "one")
            #expect(try store.launchState(of: "two") == LaunchState())
            let lock = try store.lockLaunch(of: "one")
            #expect(try lock != nil && store.lockLaunch(of: "one") == nil)
            #expect(try store.lockLaunch(of: "two") != nil)
        }
    }

    @Test func `nothing was told of a new volume, and looking makes nothing there`() throws {
        try withStore { store, folder in
            let state = try store.launchState(of: "s")
            #expect(state == LaunchState())
            #expect(!FileSystem.exists(folder.appending("models")))
        }
    }

    @Test func `what was written down is read again as it was`() throws {
        try withStore { store, _ in
            var state = LaunchState()
            state.active = try launch("org/a:b", argv: ["/app/llama server", "-m", "it's\n\"x\"", "模型", ""])
            state.previous = try launch("b")
            state.attempt = try launch("c", quant: "bf16")
            try store.save(state, of: "s")
            #expect(try store.launchState(of: "s") == state)
            try store.save(LaunchState(), of: "s")
            #expect(try store.launchState(of: "s") == LaunchState())
        }
    }

    @Test func `a document that is none is told with its path, and is not taken for nothing`() throws {
        try withStore { store, folder in
            try store.save(LaunchState(), of: "s")
            let path = "models/.stackctl/state/launch.s.json"
            for text in ["", "{", "[]", "null", #"{"active":7}"#, #"{"active":{"model":"x"}}"#] {
                try folder.write(text, to: path)
                let error = #expect(throws: StoreError.self) { try store.launchState(of: "s") }
                guard case .malformedState(let named, _)? = error else {
                    Issue.record("\(text) is read as \(String(describing: error))")
                    continue
                }
                #expect(named.string.hasSuffix(path))
            }
            try folder.write(String(repeating: " ", count: 2_000_000), to: path)
            #expect(throws: StoreError.self) { try store.launchState(of: "s") }
        }
    }

    @Test func `a document of a newer stackctl is read as far as it is known`() throws {
        try withStore { store, folder in
            try store.save(LaunchState(), of: "s")
            let text = """
                {"active":{"model":"a","format":"gguf","quant":"q8_0","name":"a","argv":["x"],"environment":{},
                 "chosenAt":"2026-11-21T12:00:00Z","more":1},"more":{}}
                """
            try folder.write(text, to: "models/.stackctl/state/launch.s.json")
            #expect(try store.launchState(of: "s").active?.shown == "a gguf q8_0")
        }
    }

    // MARK: What becomes of an attempt

    @Test func `what has answered becomes what is served, and that becomes previous`() throws {
        var state = LaunchState()
        state.attempt = try launch("a")
        state.commit()
        #expect(try state.active?.isSameCommand(as: launch("a")) == true && state.active?.model == "a")
        #expect(state.previous == nil && state.attempt == nil)
        state.attempt = try launch("b")
        state.commit()
        #expect(state.active?.model == "b" && state.previous?.model == "a" && state.attempt == nil)
        let before = state
        state.commit()
        #expect(state == before)
    }

    @Test func `another command for the same model is no other model to go back to`() throws {
        var state = LaunchState()
        for model in ["a", "b"] {
            state.attempt = try launch(model)
            state.commit()
        }
        state.attempt = try launch("b", argv: ["llama-server", "-c", "1"])
        state.commit()
        #expect(state.previous?.model == "a" && state.active?.argv.count == 3)
        state.attempt = try launch("b", quant: "q8_0")
        state.commit()
        #expect(state.previous?.quant == "q4_k_m" && state.previous?.model == "b")
    }

    @Test func `a command is its words and its variables`() throws {
        let one = try launch("a")
        #expect(try one.isSameCommand(as: launch("b")))
        #expect(try !one.isSameCommand(as: launch("a", argv: ["llama-server", "-v"])))
        var other = one
        other.environment["A"] = "2"
        #expect(!one.isSameCommand(as: other))
        #expect(one.chosenAt.timeIntervalSince1970.rounded(.down) == one.chosenAt.timeIntervalSince1970)
    }

    @Test func `one process changes it at a time`() throws {
        try withStore { store, folder in
            var lock = try store.lockLaunch(of: "s")
            #expect(lock != nil)
            let other = ModelStore(volume: folder.appending("models"))
            #expect(try other.lockLaunch(of: "s") == nil)
            lock = nil
            // A child of another test may have a copy of it until it becomes another program.
            let end = ContinuousClock.now + .seconds(30)
            while lock == nil, ContinuousClock.now < end { lock = try other.lockLaunch(of: "s") }
            #expect(lock != nil)
        }
    }

    // MARK: Kept logs

    @Test func `a log is kept behind what is known of it`() throws {
        try withStore { store, _ in
            let log: [UInt8] = [0xFF, 0x00, 0x0A] + Array("# not: ours\n".utf8)
            let facts = [("reason", "it\nended\r\nwith 1"), ("exit", "1"), ("oom", "false")]
            let kept = try store.keepLog(of: launch("Org/Mo:del"), facts: facts, log)
            #expect(kept.path.lastComponent?.string.hasSuffix(".log") == true)
            #expect(!kept.name.contains("/") && !kept.name.contains(":") && kept.name.count > 17)
            let head = """
                # model: Org/Mo:del
                # format: gguf
                # quant: q4_k_m
                # reason: it ended with 1
                # exit: 1
                # oom: false

                """
            #expect(try FileSystem.read(kept.path, limit: 10_000) == Array(head.utf8) + log)
            #expect(store.keptLogs() == [kept])
        }
    }

    @Test func `the newest logs come first, and only so many are kept`() throws {
        try withStore { store, folder in
            #expect(store.keptLogs().isEmpty)
            for number in 10..<30 {
                try folder.write("x", to: "models/.stackctl/state/logs/202611\(number)T120000Z-a.log")
            }
            try folder.write("x", to: "models/.stackctl/state/logs/notes.txt")
            try folder.write("x", to: "models/.stackctl/state/logs/.hidden.log")
            let kept = try store.keepLog(of: launch("b"), facts: [], [])
            let all = store.keptLogs()
            #expect(all.count == KeptLog.most)
            #expect(all.map(\.name) == all.map(\.name).sorted(by: >))
            #expect(all.contains(kept) && all.contains { $0.name == "20261129T120000Z-a" })
            #expect(!all.contains { $0.name == "20261110T120000Z-a" })
            #expect(FileSystem.exists(folder.appending("models/.stackctl/state/logs/notes.txt")))
        }
    }

    @Test func `two runs of one model that fail within a second keep both logs`() throws {
        try withStore { store, _ in
            for number in 0..<3 { _ = try store.keepLog(of: launch("a"), facts: [], [UInt8(number)]) }
            #expect(store.keptLogs().count == 3)
        }
    }
}
