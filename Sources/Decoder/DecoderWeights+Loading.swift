internal import Checkpoints
internal import Kernels
internal import Synchronization

extension DecoderWeights {
    /// The weights of a checkpoint: out of the cache, which may have to be filled first, else packed into memory.
    ///
    /// - Returns: The weights, and the cache's file if they lie in it.
    /// - Throws: `KernelError.outOfMemory`.
    static func load(
        _ checkpoint: Checkpoint, threads: ComputeThreads, family: KernelFamily, precision: Precision,
        _ loading: WeightLoading
    ) throws -> (weights: DecoderWeights, file: String?) {
        let layout = WeightLayout(checkpoint, family: family, precision: precision)
        func packed(into storage: PackedStorage) throws -> DecoderWeights {
            let weights = try DecoderWeights(checkpoint, layout: layout, in: storage)
            let total = weights.byteCount, done = Mutex(0), report = loading.report
            weights.pack(checkpoint, threads: threads) { bytes in
                done.withLock {
                    $0 += bytes
                    report(.packing(done: $0, total: total))
                }
            }
            return weights
        }
        let cached = try loading.cache?.storage(
            of: checkpoint, layout: layout, family: family, threads: threads, report: loading.report
        ) { _ = try packed(into: $0) }
        if let cached {
            return (try DecoderWeights(checkpoint, layout: layout, in: cached.storage), cached.file)
        }
        let storage = try PackedStorage(byteCount: layout.byteCount, purpose: "the weights of \(checkpoint.path)")
        return (try packed(into: storage), nil)
    }
}
