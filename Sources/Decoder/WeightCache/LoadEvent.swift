/// What happens while weights are loaded. Told by whichever thread does it.
public enum LoadEvent: Sendable, Hashable {
    /// Bytes of weights packed so far, of all.
    case packing(done: Int, total: Int)
    /// Bytes of packed weights read in so far, of all.
    case reading(done: Int, total: Int)
    /// Another process packs the same weights; this one waits for its file.
    case waiting(file: String)
    /// A file of packed weights is of no use and will be replaced.
    case rejected(file: String, reason: String)
    /// A file of packed weights has been written.
    case written(file: String, bytes: Int)
    /// No file of packed weights can be used or written; the weights are packed into memory of this process.
    case unavailable(file: String, reason: String)
}

/// How weights are loaded.
public struct WeightLoading: Sendable {
    /// Where packed weights are kept for the next start and for other processes; nil: nowhere.
    public var cache: WeightCache?
    /// Told of progress and of what becomes of the cache.
    public var report: @Sendable (LoadEvent) -> Void

    /// By default nothing is kept and nothing told.
    public init(cache: WeightCache? = nil, report: @escaping @Sendable (LoadEvent) -> Void = { _ in }) {
        self.cache = cache
        self.report = report
    }
}
