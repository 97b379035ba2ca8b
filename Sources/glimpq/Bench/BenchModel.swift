import Checkpoints
import Decoder
import Kernels

/// A model under measurement.
///
/// Measured are the forward passes as the engine makes them: `Decoder.forward` over a ragged batch and a paged cache, with
/// logits in memory. Assembling the batch counts. Not included are sampling, detokenising, the scheduler and the queue;
/// a probe includes the signals of its distribution. Tokens are fixed in advance; preparing contexts is not timed.
final class BenchModel {
    private let setting: Setting
    /// How the caches hold keys and values.
    let cacheFormat: KeyValueFormat
    /// How long it took to load and to compute the distribution after one token.
    let load: Sample
    private let decoder: Decoder
    /// Whether the output head is the embedding.
    private let isTied: Bool
    private let clock = ContinuousClock()
    private var contexts: [Measurement: BenchContexts] = [:]
    private var bandwidths: [Int: MemoryBandwidth] = [:]
    /// Tokens that a probe lists.
    private static let rankedTokens = 20
    /// Tokens of one sequence in a pass.
    private let chunk: Int

    /// How to load a model.
    struct Setting {
        /// Folder or file.
        let path: String
        /// Whose matrix products.
        let family: KernelFamily
        /// How products treat weights and inputs; nil for what suits the checkpoint.
        let precision: Precision?
        /// How caches hold keys and values; nil for what suits the precision.
        let cacheFormat: KeyValueFormat?
        /// Compute threads.
        let threads: Int
        /// Where packed weights are kept; nil: nowhere.
        var weightCache: WeightCache?
    }

    /// Loads a model.
    ///
    /// - Parameter chunk: Most tokens of one sequence in a pass of a prefill.
    /// - Throws: `CheckpointError`, `KernelError`.
    init(_ setting: Setting, chunk: Int) throws {
        self.setting = setting
        self.chunk = chunk
        let loaded = try LoadedForBench(setting)
        (decoder, cacheFormat, isTied, load) = (loaded.decoder, loaded.cacheFormat, loaded.isTied, loaded.sample)
    }

    /// The model's extents.
    var shape: ModelShape { decoder.shape }
    /// The precision in use.
    var precision: Precision { decoder.precision }
    /// The vector kernels in use.
    var instructionSet: InstructionSet { decoder.instructionSet }
    /// What passes of this model cost.
    var cost: PassCost {
        PassCost(
            shape: decoder.shape, weightBytes: decoder.weightByteCount, isTied: isTied, cacheFormat: cacheFormat)
    }

    /// Measures once. The first measurement of a kind also prepares its contexts; decode and probes make one pass to warm
    /// up. Neither is timed.
    ///
    /// - Throws: ``CommandFailure`` if the model's window is too small; `KernelError`, `CheckpointError`.
    func measure(_ measurement: Measurement) throws -> Sample {
        switch measurement {
        case .bandwidth(let threads):
            let bandwidth = try bandwidths[threads] ?? MemoryBandwidth(threads: threads)
            bandwidths[threads] = bandwidth
            return bandwidth.measure()
        case .load:
            return try LoadedForBench(setting).sample
        case .decode(let sequences, let context, let steps):
            let contexts = try prepared(measurement, sequences: sequences, length: context, room: steps)
            contexts.advance(with: decoder)
            return timed(sequences * steps) {
                for step in 0..<steps { contexts.advance(offset: step, with: decoder) }
            }
        case .prefill(let tokens):
            let contexts = try prepared(measurement, sequences: 1, length: 0, room: tokens)
            return timed(tokens) {
                let silent = (tokens - 1) / chunk * chunk
                for offset in stride(from: 0, to: silent, by: chunk) {
                    contexts.advanceSilently(by: chunk, offset: offset, with: decoder)
                }
                contexts.advance(by: tokens - silent, offset: silent, with: decoder)
            }
        case .extend(let tokens, let context):
            let contexts = try prepared(measurement, sequences: 1, length: context, room: tokens)
            return timed(tokens) { _ = contexts.advance(by: tokens, with: decoder) }
        case .probe(let sequences, let context, let isShared):
            let contexts = try prepared(
                measurement, sequences: sequences, length: context, room: 1, isShared: isShared)
            contexts.advance(topCount: Self.rankedTokens, with: decoder)
            return timed(sequences) { _ = contexts.advance(topCount: Self.rankedTokens, with: decoder) }
        }
    }

    /// Gives back the contexts of a measurement that is over.
    func forget(_ measurement: Measurement) { contexts[measurement] = nil }

    private func timed(_ amount: Int, _ body: () -> Void) -> Sample {
        let start = clock.now
        body()
        return Sample(seconds: (clock.now - start) / .seconds(1), amount: amount)
    }

    private func prepared(
        _ measurement: Measurement, sequences: Int, length: Int, room: Int, isShared: Bool = false
    ) throws -> BenchContexts {
        if let contexts = contexts[measurement] { return contexts }
        guard length + room <= shape.contextLength else {
            throw CommandFailure(
                .usage,
                "\(measurement.request): \(length + room) tokens do not fit the model's context of \(shape.contextLength)"
            )
        }
        let contexts = try BenchContexts(
            shape: shape, sequences: sequences, length: length, room: room, isShared: isShared, format: cacheFormat)
        contexts.fill(with: decoder, rows: 512)
        contexts.advance(with: decoder)
        self.contexts[measurement] = contexts
        return contexts
    }
}
