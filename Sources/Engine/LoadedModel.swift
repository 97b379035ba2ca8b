import Checkpoints
import Decoder
import Foundation
import Generation
import Kernels
import Tokenization

/// A model that is ready to run, and the limits under which it runs.
struct LoadedModel: Sendable {
    let identity: ModelIdentity
    let decoder: Decoder
    let vocabulary: TokenizerVocabulary
    let template: PromptTemplate
    let forcedThinkingEnd: [TokenID]
    /// Size of the KV cache, in blocks of `KeyValueCache.blockTokens` tokens.
    var blockCount: Int
    /// How the KV cache holds keys and values.
    var cacheFormat: KeyValueFormat
    /// Most tokens in one forward pass.
    var maximumRows: Int
    /// Most tokens of one sequence in one forward pass.
    var maximumChunk: Int

    /// Sessions for which a KV cache without a stated size has room at full context length.
    private static let defaultSessions = 64

    /// Loads a checkpoint.
    ///
    /// - Throws: What checkpoint, tokenizer and decoder throw, and a ``ModelPoolError`` for bad settings.
    init(
        name: String, path: String, entry: ModelPoolDescription.Model, threads: ComputeThreads, budget: KeyValueBudget
    ) throws {
        let checkpoint = try Checkpoint.open(path: path)
        let family = try Self.family(named: entry.kernels)
        decoder = try Decoder(
            checkpoint: checkpoint, threads: threads, family: family,
            precision: entry.precision ?? Precision(suiting: checkpoint))
        vocabulary = try TokenizerVocabulary(Tokenizer(of: checkpoint), endOfText: Set(checkpoint.endOfTextTokens))
        template =
            try entry.template.map(PromptTemplate.init(named:))
            ?? PromptTemplate(detectedIn: vocabulary.tokenizer)
        forcedThinkingEnd = try template.forcedThinkingEndTokens(with: vocabulary.tokenizer)
        let shape = decoder.shape
        identity = ModelIdentity(
            name: name, parameterCount: shape.parameterCount, contextLength: shape.contextLength,
            fingerprint: checkpoint.fingerprint)
        maximumRows = entry.maximumBatchTokens ?? 512
        maximumChunk = entry.maximumPrefillChunk ?? 128
        cacheFormat = entry.kvCacheType ?? KeyValueFormat(suiting: decoder.precision)
        let blockBytes = KeyValueCache.bytesPerBlock(shape, format: cacheFormat)
        if let mebibytes = entry.kvCacheMiB {
            blockCount = max(1, mebibytes << 20 / blockBytes)
        } else {
            let contextBlocks = (shape.contextLength + KeyValueCache.blockTokens - 1) / KeyValueCache.blockTokens
            blockCount = max(1, min(budget.bytesPerModel / blockBytes, contextBlocks * Self.defaultSessions))
        }
    }

    private static func family(named name: String?) throws -> KernelFamily {
        guard let name else { return .own }
        guard let family = KernelFamily(rawValue: name) else {
            throw ModelError.invalidRequest(
                "unknown kernel family \(name.debugDescription); known: "
                    + KernelFamily.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return family
    }
}
