import Conversion
import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// The vocabularies that llama.cpp tests itself with: their names follow from what becomes of the check text.
@Suite(.enabled(Vocabularies.reason) { await Vocabularies.areExpected() })
struct RealVocabularyTests {
    @Test(arguments: RealVocabulary.all)
    func `a vocabulary is known by what it makes of the check text`(vocabulary: RealVocabulary) async throws {
        let folder = try TemporaryDirectory()
        try await vocabulary.write(to: folder)
        let model = try HuggingFaceModel(folder.path)
        #expect(model.notices.isEmpty)
        let metadata = try HuggingFaceSource(model).metadata
        let name = metadata.first { $0.key == "tokenizer.ggml.pre" }?.value.text
        #expect(name == vocabulary.name)
        #expect(metadata.contains { $0.key == "tokenizer.ggml.merges" })
    }

    @Test func `a vocabulary that is not known is taken for one with the same steps, and told`() async throws
    {
        let folder = try TemporaryDirectory()
        // Its first token is put in front of the text though its own tokenizer does not do that.
        let first = RealVocabulary(name: "gpt-2", steps: RealVocabulary.words, beginning: "<|endoftext|>")
        try await first.write(to: folder)
        let notices = try HuggingFaceModel(folder.path).notices
        guard case .similarTokenizer("gpt-2", let hash?)? = notices.first else {
            Issue.record("\(notices)")
            return
        }
        #expect(hash.utf8.count == 64)
        #expect(try HuggingFaceModel(folder.path, preTokenizer: "mpt").notices.isEmpty)
    }
}
