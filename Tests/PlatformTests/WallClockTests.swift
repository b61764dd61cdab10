import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

struct WallClockTests {
    @Test(arguments: [0, 59, 61, 330, 3600, 86_399])
    func `it is what a clock here will show, in the zone that the environment names`(seconds: Int) async {
        await #expect(processExitsWith: .success) { [seconds] in
            setenv("TZ", "XYZ-5:30", 1)
            var shown: [String] = []
            let now = wallClock(after: .seconds(seconds))
            // The minute may end between the two.
            for earlier in [1, 0] {
                let date = try await BinaryRun.run(
                    "/usr/bin/date",
                    ["-d", "\(seconds - earlier) seconds", "+%H:%M"],
                    environment: ["TZ": "XYZ-5:30"]
                )
                shown.append(date.output.split(separator: "\n").joined())
            }
            #expect(shown.contains(now))
        }
    }
}
