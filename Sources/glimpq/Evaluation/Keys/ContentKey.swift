import Worker

/// Names a job by everything that its result and its times depend on: equal keys, equal results.
struct ContentKey {
    private var variant = SHA256()

    /// The part that all problems of a cell share.
    ///
    /// - Parameters:
    ///   - strategy: Its name.
    ///   - params: Its parameters, a JSON object in canonical form.
    ///   - pair: The models.
    ///   - inFlight: How many jobs a worker has in flight meanwhile.
    ///   - isTimed: Whether the job is there for its times, and nothing may run beside its group.
    ///   - version: Of the program.
    init(
        strategy: String, params: String, pair: PairFacts, inFlight: Int, isTimed: Bool = false,
        version: String = Product.version
    ) {
        variant.add(part: "glimpq evaluation key 1")
        variant.add(part: version)
        variant.add(part: pair.name)
        variant.add(part: pair.digest(strategy: strategy, params: params))
        variant.add(part: strategy)
        variant.add(part: params)
        variant.add(number: UInt64(inFlight))
        variant.add(part: isTimed ? "timed" : nil)
    }

    /// The key of a problem under a seed.
    func text(_ problem: EvaluationProblem, seed: UInt64) -> String {
        var hash = variant
        hash.add(part: problem.digest)
        hash.add(number: seed)
        return hash.text
    }
}
