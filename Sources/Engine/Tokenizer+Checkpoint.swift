public import Checkpoints
import Foundation
public import Tokenization

extension Tokenizer {
    /// The tokenizer of a checkpoint: the one that a GGUF file carries, or the `tokenizer.json` of a folder.
    ///
    /// - Throws: `TokenizerError`.
    public convenience init(of checkpoint: Checkpoint) throws {
        guard let embedded = checkpoint.tokenizer else {
            let folder = URL(fileURLWithPath: checkpoint.path)
            try self.init(contentsOf: folder.appendingPathComponent("tokenizer.json"))
            return
        }
        try self.init(
            EmbeddedVocabulary(
                source: embedded.file, model: embedded.model, preTokenizer: embedded.preTokenizer,
                tokens: embedded.tokens.slices, types: embedded.tokenTypes, merges: embedded.merges?.slices ?? []))
    }
}
