// swift-tools-version: 6.2
import PackageDescription

// One target per room, listed from the ground up. A room may use the rooms above it in this file, never those below.

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
/// Rooms with no reason to hold a pointer: there, an unsafe construct is a compile error.
let safe = house + [.strictMemorySafety()]
let filePath: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let commit = Context.gitInformation?.currentCommit ?? "unknown"

let rooms = [
    "Platform", "Transport", "Formats", "Console", "Host", "Hub", "Docker", "Transfer", "Store", "Catalog",
    "Conversion", "Engines",
    "Operations", "Mirror", "Commands",
]
let fixtures = [
    "Conversion": ["Fixtures", "Golden"], "Host": ["Fixtures"], "Engines": ["Fixtures", "Golden"],
    "Commands": ["Golden"],
]
let tests = rooms.indices.map { room in
    Target.testTarget(
        name: "\(rooms[room])Tests",
        dependencies: rooms[...room].map { .target(name: $0) } + ["TestSupport", filePath],
        exclude: fixtures[rooms[room]] ?? [],
        swiftSettings: house
    )
}

let package = Package(
    name: "stackctl",
    products: [
        .executable(name: "stackctl", targets: ["stackctl"]),
        .library(
            name: "StackctlKit",
            targets: ["Operations", "Catalog", "Engines", "Formats", "Store", "Platform"]
        ),
    ],
    traits: [
        .trait(name: "Mirror", description: "Adds `stackctl mirror`, the store served to other hosts."),
        .default(enabledTraits: ["Mirror"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
    ],
    targets: [
        // MARK: C
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "CEmbedded", cSettings: [.define("STACKCTL_COMMIT", to: "\"\(commit)\"")]),

        .target(name: "CKernels"),

        // MARK: The machine
        .target(name: "Platform", dependencies: ["CCrypto", "CLinux", filePath], swiftSettings: house),

        // MARK: Tools that know no domain
        .target(name: "Transport", dependencies: ["CCurl", "Platform", filePath], swiftSettings: house),
        .target(name: "Formats", dependencies: ["Platform", filePath], swiftSettings: safe),
        .target(name: "Console", dependencies: ["Platform"], swiftSettings: safe),
        .target(name: "Host", dependencies: ["Platform", filePath], swiftSettings: house),

        // MARK: One outside thing each
        .target(name: "Hub", dependencies: ["Transport", "Platform", filePath], swiftSettings: safe),
        .target(name: "Docker", dependencies: ["Transport", "Platform", filePath], swiftSettings: safe),
        .target(name: "Transfer", dependencies: ["Transport", "Platform", filePath], swiftSettings: safe),
        .target(name: "Store", dependencies: ["Platform", filePath], swiftSettings: safe),
        .target(
            name: "Catalog",
            dependencies: ["CYAML", "CEmbedded", "Platform", filePath],
            swiftSettings: house
        ),

        .target(
            name: "Conversion",
            dependencies: ["CKernels", "Formats", "Platform", filePath],
            swiftSettings: house
        ),

        // MARK: Judgement
        .target(
            name: "Engines",
            dependencies: ["Catalog", "Formats", "Host", "Platform"],
            swiftSettings: safe
        ),

        // MARK: What stackctl does
        .target(
            name: "Operations",
            dependencies: [
                "Platform", "Host", "Hub", "Docker", "Transfer", "Store", "Catalog", "Formats", "Conversion",
                "Engines",
                filePath,
            ],
            swiftSettings: safe
        ),

        // MARK: Ways in
        .target(
            name: "Mirror",
            dependencies: [
                "Store", "Catalog", "Platform", filePath,
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            swiftSettings: safe
        ),
        .target(
            name: "Commands",
            dependencies: [
                "Operations", "Catalog", "Console", "Platform", filePath,
                .target(name: "Mirror", condition: .when(traits: ["Mirror"])),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: safe
        ),
        .executableTarget(name: "stackctl", dependencies: ["Commands"], swiftSettings: safe),

        // MARK: Tests
        .target(
            name: "TestSupport",
            dependencies: ["Formats", "Platform", filePath],
            path: "Tests/Support",
            swiftSettings: house
        ),
        .executableTarget(
            name: "sample-repository",
            dependencies: ["TestSupport", filePath],
            path: "Tests/SampleRepository",
            swiftSettings: house
        ),
        .executableTarget(
            name: "library-example",
            dependencies: ["Operations", "Catalog", "Platform"],
            path: "Tests/LibraryExample",
            swiftSettings: house
        ),
        .testTarget(name: "SupportTests", dependencies: ["TestSupport", filePath], swiftSettings: house),
        .testTarget(
            name: "AcceptanceTests",
            dependencies: ["stackctl", "library-example", "TestSupport", filePath],
            swiftSettings: house
        ),
    ] + tests
)
