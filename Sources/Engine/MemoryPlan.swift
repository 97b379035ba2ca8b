import Decoder

/// How a pool's memory is divided: what the weights and the working memory leave is for KV caches. Those without a
/// stated size get room for equally many tokens, since both models of a pair read the same text.
struct MemoryPlan {
    /// What one model asks for.
    struct Demand {
        var name: String
        var weightBytes: Int
        var scratchBytes: Int
        /// Bytes of one KV block.
        var blockBytes: Int
        /// Longest context in blocks.
        var contextBlocks: Int
        /// Stated size of the KV cache.
        var cacheBytes: Int?
    }

    /// Sessions of full length for which a KV cache without a stated size has room at most.
    static let fullSessions = 64
    /// Sixteen blocks are too few to solve anything, but a model with them runs.
    private static let fewestBlocks = 16

    /// KV blocks of each model, in the order of the demands.
    let blocks: [Int]
    /// Everything together, when the caches are full.
    let bytes: Int

    /// Divides a budget.
    ///
    /// - Throws: ``ModelPoolError/notEnoughMemory(needed:available:reason:)``.
    init(_ demands: [Demand], budget: MemoryBudget) throws(ModelPoolError) {
        let fixed = demands.reduce(PoolMemory.programBytes) { $0 + $1.weightBytes + $1.scratchBytes }
        func leastCache(_ demand: Demand) -> Int {
            demand.cacheBytes ?? min(Self.fewestBlocks, demand.contextBlocks) * demand.blockBytes
        }
        let needed = demands.reduce(fixed) { $0 + leastCache($1) }
        guard needed <= budget.bytes else {
            // Parts in whole MiB, rounded up, whose sum is what the message says is needed.
            func mebibytes(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }
            var sum = mebibytes(PoolMemory.programBytes)
            var parts: [String] = []
            for demand in demands {
                let weights = mebibytes(demand.weightBytes), scratch = mebibytes(demand.scratchBytes)
                let cache = mebibytes(leastCache(demand))
                sum += weights + scratch + cache
                parts.append(
                    "\(demand.name): weights \(weights), working memory \(scratch), KV cache "
                        + (demand.cacheBytes == nil ? "at least \(cache)" : "\(cache)"))
            }
            parts.append("the program itself: \(mebibytes(PoolMemory.programBytes))")
            throw .notEnoughMemory(
                needed: sum << 20, available: budget.bytes,
                reason: "\(parts.joined(separator: "; ")) (MiB); the budget is \(budget.origin)")
        }
        let open = demands.filter { $0.cacheBytes == nil }
        let rest = budget.bytes - fixed - demands.reduce(0) { $0 + ($1.cacheBytes ?? 0) }
        let each = rest / max(open.reduce(0) { $0 + $1.blockBytes }, 1)
        blocks = demands.map { demand in
            if let bytes = demand.cacheBytes { return max(1, bytes / demand.blockBytes) }
            return max(1, min(each, demand.contextBlocks * Self.fullSessions))
        }
        bytes = zip(demands, blocks).reduce(fixed) { $0 + $1.0.blockBytes * $1.1 }
    }
}
