import Platform
import SystemPackage
import Testing

/// What docs/library.md shows of the program beside it.
struct GoldenLibraryPageTests {
    private let root = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent()

    @Test func `the page shows the program as it is`() throws {
        let file = root.pushing("docs/library.md")
        let program = String(
            decoding: try FileSystem.read(root.pushing("Tests/LibraryExample/LibraryExample.swift")),
            as: UTF8.self
        )
        var page = String(decoding: try FileSystem.read(file), as: UTF8.self)
        if Environment.process.isTrue("UPDATE_GOLDEN") {
            let start = try #require(page.firstRange(of: "```swift\nimport "))
            let end = try #require(page[start.upperBound...].firstRange(of: "\n```\n"))
            page.replaceSubrange(start.lowerBound..<end.upperBound, with: "```swift\n\(program)```\n")
            try FileSystem.write(Array(page.utf8), to: file)
        }
        #expect(page.contains("```swift\n\(program)```\n"), "UPDATE_GOLDEN=1 rewrites \(file)")
    }
}
