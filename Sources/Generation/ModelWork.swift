/// What a request cost the model that served it.
public struct ModelWork: Sendable, Hashable, Codable {
    /// Context tokens that had to be computed (chunked prefill), including recomputation after preemption.
    public var prefillTokens: Int
    /// Context tokens that were found in the KV cache: the sequence's own or a shared prefix.
    public var cachedTokens: Int
    /// Tokens generated, an end-of-text token included; for a probe 0.
    public var decodedTokens: Int
    /// Time during which forward passes that served the request ran, in nanoseconds: active time, without waiting.
    public var activeNanoseconds: Int64

    /// Creates an account.
    public init(
        prefillTokens: Int = 0, cachedTokens: Int = 0, decodedTokens: Int = 0, activeNanoseconds: Int64 = 0
    ) {
        self.prefillTokens = prefillTokens
        self.cachedTokens = cachedTokens
        self.decodedTokens = decodedTokens
        self.activeNanoseconds = activeNanoseconds
    }

    /// Adds up two accounts.
    public static func + (a: ModelWork, b: ModelWork) -> ModelWork {
        ModelWork(
            prefillTokens: a.prefillTokens + b.prefillTokens, cachedTokens: a.cachedTokens + b.cachedTokens,
            decodedTokens: a.decodedTokens + b.decodedTokens,
            activeNanoseconds: a.activeNanoseconds + b.activeNanoseconds)
    }

    /// Adds an account to this one.
    public static func += (a: inout ModelWork, b: ModelWork) { a = a + b }
}
