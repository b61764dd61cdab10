import Host
import Platform
import Testing

struct EncodingTests {
    @Test func `a profile is written with sizes in bytes, and without what is not known`() throws {
        let profile = HostProfile(
            memory: Memory(total: 100, available: 40, limit: 80),
            processor: Processor(architecture: "x86_64", usableThreads: 4, features: [.fma, .avx2, .avx]),
            gpus: [
                GPU(
                    vram: 24,
                    computeCapability: ShortVersion(8, 6),
                    processes: [GPUProcess(pid: 7, name: "a", memory: 3)]
                )
            ],
            driver: GPUDriver(version: "595.84", cuda: ShortVersion(13, 2)),
            gpuTrouble: .noTool(devices: 1)
        )
        let text = String(decoding: try JSON.encodeLine(profile), as: UTF8.self)
        #expect(
            text == """
                {"driver":{"cuda":"13.2","version":"595.84"},\
                "gpuTrouble":"nvidia-smi is missing, with 1 NVIDIA GPUs plugged in",\
                "gpus":[{"computeCapability":"8.6","index":0,"name":"GPU","partitioned":false,\
                "processes":[{"memoryBytes":3,"name":"a","pid":7}],"unified":false,"vendor":"nvidia","vramBytes":24}],\
                "memory":{"availableBytes":40,"installedBytes":100,"limitBytes":80,"swapFreeBytes":0,\
                "swapTotalBytes":0,"totalBytes":80},\
                "processor":{"architecture":"x86_64","features":["avx","avx2","fma"],"usableThreads":4}}
                """
        )
    }

    @Test(
        arguments: [
            ("12.8", ShortVersion(12, 8)), ("8.9", ShortVersion(8, 9)), ("11.4.2", ShortVersion(11, 4)),
            ("12", nil), ("", nil), ("a.b", nil), ("-1.2", nil), ("ERR!", nil), ("1.", nil),
        ] as [(String, ShortVersion?)]
    )
    func `a short version is its first two numbers`(text: String, version: ShortVersion?) {
        #expect(ShortVersion(parsing: text) == version)
    }

    @Test func `versions are ordered as numbers`() {
        #expect(ShortVersion(12, 9) < ShortVersion(12, 10) && ShortVersion(9, 9) < ShortVersion(10, 0))
    }
}
