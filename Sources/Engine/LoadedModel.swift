import Checkpoints
import Decoder
import Foundation
import Generation
import Heads
import Kernels
import Tokenization

/// A model that is ready to run, and the limits under which it runs.
struct LoadedModel: Sendable {
    let identity: ModelIdentity
    let decoder: Decoder
    let vocabulary: TokenizerVocabulary
    let template: PromptTemplate
    let forcedThinkingEnd: [TokenID]
    /// The heads that read its hidden states, in the order of their names.
    let heads: [(name: String, head: Head)]
    /// Size of the KV cache, in blocks of `KeyValueCache.blockTokens` tokens.
    var blockCount: Int
    /// How the KV cache holds keys and values.
    var cacheFormat: KeyValueFormat
    /// Most tokens in one forward pass.
    var maximumRows: Int
    /// Most tokens of one sequence in one forward pass.
    var maximumChunk: Int

    /// Loads weights and tokenizer.
    ///
    /// - Parameters:
    ///   - blocks: Size of the KV cache.
    ///   - loading: Where packed weights are kept, and who is told of progress.
    /// - Throws: What tokenizer, template and decoder throw.
    init(_ opened: OpenedModel, blocks: Int, threads: ComputeThreads, loading: WeightLoading = WeightLoading()) throws {
        let checkpoint = opened.checkpoint
        decoder = try Decoder(
            checkpoint: checkpoint, threads: threads, family: opened.family, precision: opened.precision,
            loading: loading)
        vocabulary = try TokenizerVocabulary(Tokenizer(of: checkpoint), endOfText: Set(checkpoint.endOfTextTokens))
        template =
            try opened.entry.template.map(PromptTemplate.init(named:))
            ?? PromptTemplate(detectedIn: vocabulary.tokenizer)
        heads = try opened.heads.map { [decoder] head in
            (head.name, try Head(folder: head.path, kernels: decoder.kernels, threads: threads))
        }
        forcedThinkingEnd = try template.forcedThinkingEndTokens(with: vocabulary.tokenizer)
        identity = ModelIdentity(
            name: opened.name, parameterCount: decoder.shape.parameterCount,
            contextLength: decoder.shape.contextLength, fingerprint: checkpoint.weightsFingerprint)
        blockCount = blocks
        cacheFormat = opened.cacheFormat
        maximumRows = opened.maximumRows
        maximumChunk = opened.entry.maximumPrefillChunk ?? 128
    }

    /// The heads as requests name them.
    var headUses: [String: HeadUse] {
        Dictionary(
            uniqueKeysWithValues: heads.enumerated().map { index, served in
                (served.name, HeadUse(index: index, topLogits: served.head.description.topLogits))
            })
    }
}
