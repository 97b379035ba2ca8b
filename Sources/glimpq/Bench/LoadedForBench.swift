import Checkpoints
import Decoder
import Engine
import Kernels
import Tokenization

/// A model that has just been loaded as a worker loads it, tokenizer included, and has computed one distribution.
struct LoadedForBench {
    /// The forward pass.
    let decoder: Decoder
    /// What was asked for, else what suits the precision.
    let cacheFormat: KeyValueFormat
    /// Whether the output head is the embedding.
    let isTied: Bool
    /// From opening the files to the distribution after one token.
    let sample: Sample

    /// - Throws: `CheckpointError`, `KernelError`, `TokenizerError`.
    init(_ setting: BenchModel.Setting) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let checkpoint = try Checkpoint.open(path: setting.path)
        decoder = try Decoder(
            checkpoint: checkpoint, threads: ComputeThreads(count: setting.threads), family: setting.family,
            precision: setting.precision ?? Precision(suiting: checkpoint, family: setting.family),
            loading: WeightLoading(cache: setting.weightCache))
        cacheFormat = setting.cacheFormat ?? KeyValueFormat(suiting: decoder.precision)
        isTied = checkpoint.configuration.tiedEmbeddings
        _ = try Tokenizer(of: checkpoint)
        let contexts = try BenchContexts(
            shape: decoder.shape, sequences: 1, length: 0, room: 1, isShared: false, format: cacheFormat)
        contexts.advance(with: decoder)
        sample = Sample(seconds: (clock.now - start) / .seconds(1), amount: 1)
    }
}
