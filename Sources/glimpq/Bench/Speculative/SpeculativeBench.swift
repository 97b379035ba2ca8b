import Generation

/// Sequences that a large model writes side by side, alone or with drafts of a small one.
struct SpeculativeBench {
    let slm: any LanguageModel
    let llm: any LanguageModel
    /// The tokens that each sequence begins with.
    let contexts: [[TokenID]]
    /// Most tokens of a sequence.
    let tokens: Int
    let sampling: SamplingParameters

    /// What one repetition took.
    struct Run {
        var seconds = 0.0
        var tokens = 0
        var rounds = 0
        var drafted = 0
        var accepted = 0

        var tokensPerSecond: Double { Double(tokens) / seconds }

        mutating func add(_ other: Run) {
            tokens += other.tokens
            rounds += other.rounds
            drafted += other.drafted
            accepted += other.accepted
        }

        /// One line of JSON, beside the large model alone.
        func json(pair: String, sequences: Int, draftTokens: Int, alone: Run) -> String {
            JSONText.object([
                ("bench", JSONText.string("speculative")),
                ("figure", JSONText.string("\(pair)-\(sequences)-draft-\(draftTokens)")),
                ("ours", JSONText.rounded(tokensPerSecond)), ("peer", JSONText.rounded(alone.tokensPerSecond)),
                ("ratio", JSONText.rounded(tokensPerSecond / alone.tokensPerSecond)),
                ("unit", JSONText.string("tokens/s, the large model alone as peer")),
                ("accepted_share", JSONText.rounded(drafted > 0 ? Double(accepted) / Double(drafted) : 0)),
                ("tokens_per_round", JSONText.rounded(Double(tokens) / Double(max(rounds, 1)))),
                ("ms_per_round", JSONText.rounded(seconds * 1e3 * Double(sequences) / Double(max(rounds, 1)))),
                (
                    "ms_per_token_alone",
                    JSONText.rounded(alone.seconds * 1e3 * Double(sequences) / Double(alone.tokens))
                ),
            ])
        }
    }

    /// Writes all sequences. Their KV caches are filled before the clock starts.
    ///
    /// - Parameter draftTokens: Tokens of a draft; 0: the large model alone.
    func run(draftTokens: Int) async throws -> Run {
        try await forAll { try await warmUp($0) }
        let clock = ContinuousClock(), start = clock.now
        let runs = try await forAll { try await write($0, draftTokens: draftTokens) }
        var sum = Run()
        for run in runs { sum.add(run) }
        let elapsed = (clock.now - start).components
        sum.seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
        for number in contexts.indices {
            slm.close(SequenceID(UInt64(number)))
            llm.close(SequenceID(UInt64(number)))
        }
        return sum
    }

    @discardableResult
    private func forAll<Result: Sendable>(_ body: @escaping @Sendable (Int) async throws -> Result) async throws
        -> [Result]
    {
        try await withThrowingTaskGroup(of: Result.self) { group in
            for number in contexts.indices { group.addTask { try await body(number) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func warmUp(_ number: Int) async throws {
        for model in [slm, llm] {
            _ = try await model.probe(
                ProbeRequest(
                    sequence: SequenceID(UInt64(number)), context: contexts[number], sampling: .greedy,
                    randomness: Randomness(seed: 0, step: 0)))
        }
    }

    private func write(_ number: Int, draftTokens: Int) async throws -> Run {
        var run = Run(), text: [TokenID] = []
        while text.count < tokens {
            var request = GenerationRequest(
                sequence: SequenceID(UInt64(number)), context: contexts[number] + text,
                maximumTokens: tokens - text.count, stop: .endOfText, sampling: sampling,
                randomness: Randomness(seed: UInt64(number), step: 0))
            request.written = text.count
            if draftTokens > 0 {
                var draft = request
                draft.maximumTokens = min(draftTokens, request.maximumTokens)
                request.draft = try await slm.generate(draft).tokens
                // Where the drafter would end, the large model decides alone.
                if request.draft.isEmpty { request.maximumTokens = 1 }
            }
            let part = try await llm.generate(request)
            text += part.tokens
            run.rounds += 1
            run.tokens += part.work.decodedTokens
            run.drafted += request.draft.count
            run.accepted += part.acceptedDraftTokens
            if part.finish == .endOfText || (part.finish == .length && !request.draft.isEmpty) { break }
            if part.finish == .length, text.count >= tokens { break }
        }
        return run
    }
}
