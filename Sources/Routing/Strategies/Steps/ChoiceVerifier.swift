import Generation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The large model chooses one of several drafts of a step, or none; then it writes the step itself.
///
/// Source: SpecCoT (EMNLP 2025 Findings), of which only the outline is known: how the choice is made, and the number of
/// drafts, are ours. Equal drafts are offered once. Empty drafts are kept without a question if all are empty.
struct ChoiceVerifier: StepVerifier {
    /// How the large model says what it chooses.
    enum Choice: String, Sendable, Hashable, CaseIterable {
        /// It is shown the drafts and answers with a letter; only the letters count.
        case letter
        /// It chooses the draft that it finds most probable by the mean log-probability of its tokens.
        case likelihood
    }

    /// How it chooses.
    let choice: Choice
    /// The least probability of the chosen letter among the letters, or the least mean log-probability in nats; below
    /// that none is chosen. `nil`: no bound, so that by likelihood there is always one.
    let floor: Double?

    /// Creates a verifier.
    init(choice: Choice, floor: Double? = nil) {
        self.choice = choice
        self.floor = floor
    }

    /// Takes the keys `choice` and `floor`.
    init(_ reader: inout ParameterReader) throws(SpecificationError) {
        let choice = try reader.name("choice", as: Choice.self) ?? .letter
        self.choice = choice
        floor =
            switch choice {
            case .letter:
                try reader.number("floor", expected: "a number in 0...1") { (0...1).contains($0) }
            case .likelihood:
                try reader.number("floor", expected: "a number, at most 0 (nats), with choice likelihood") { $0 <= 0 }
            }
    }

    var asksModels: Bool { true }

    func review(_ draft: StepDraft, in context: StepContext) async throws -> StepReview {
        guard draft.decision.owner == .slm else { return .accept() }
        let offers = Offers(draft, in: context)
        if offers.texts.allSatisfy(\.tokens.isEmpty) { return .accept() }
        guard let verdict = try await verdict(on: offers.distinct, in: context) else {
            return .rewrite(StepDecision(.nonFinite, owner: .llm, threshold: floor))
        }
        let signal = StepDecision.Signal(choice == .letter ? .choice : .llmLogProbability, verdict.value)
        var review: StepReview
        if let chosen = verdict.chosen {
            review = .accept(StepDecision(.chosen, owner: .slm, signal: signal, threshold: floor))
            review.draft = offers.draft(chosen)
        } else {
            review = .rewrite(StepDecision(.noneChosen, owner: .llm, signal: signal, threshold: floor))
        }
        review.details = .init(
            model: context.pair.llm.identity, values: offers.places.map { verdict.values[$0] },
            kept: verdict.chosen.flatMap { chosen in offers.places.firstIndex(of: chosen) })
        review.work = verdict.work
        return review
    }

    /// What the large model says of different drafts.
    private struct Verdict {
        /// Of each draft.
        var values: [Double]
        /// The draft; `nil` for none.
        var chosen: Int?
        /// The value that decided: of the chosen one, or of what was best.
        var value: Double
        var work: ModelWork
    }

    /// `nil` if it has no room to read them or says nothing finite.
    private func verdict(on drafts: [Generation], in context: StepContext) async throws -> Verdict? {
        switch choice {
        case .letter: try await byLetter(drafts, in: context)
        case .likelihood: try await byLikelihood(drafts, in: context)
        }
    }

    private func byLetter(_ drafts: [Generation], in context: StepContext) async throws -> Verdict? {
        let model = context.pair.llm
        let texts = drafts.map { context.pair.slm.vocabulary.text(of: $0.tokens) }
        let question = try model.followUp(
            question: ChoiceQuestion.question(texts), prefill: ChoiceQuestion.prefill)
        var request = ProbeRequest(
            sequence: context.sequences.llm, context: context.tokens(for: .llm) + question, sampling: .greedy,
            randomness: context.randomness)
        guard request.context.count < model.identity.contextLength else { return nil }
        let letters = drafts.indices.map(ChoiceQuestion.letter) + [ChoiceQuestion.none]
        let spellings = letters.map { Self.tokens(of: $0, in: model.vocabulary) }
        request.options = spellings.flatMap(\.self)
        let probe = try await model.probe(request)
        var rest = probe.optionLogProbabilities[...]
        let masses = spellings.map { spelling in
            defer { rest = rest.dropFirst(spelling.count) }
            return rest.prefix(spelling.count).reduce(0) { $0 + exp($1) }
        }
        let sum = masses.reduce(0, +)
        guard sum.isFinite, sum > 0 else { return nil }
        let shares = masses.map { $0 / sum }
        // The first of equal ones; a draft before none.
        guard let best = shares.indices.max(by: { shares[$0] < shares[$1] || (shares[$0] == shares[$1] && $0 > $1) })
        else { return nil }
        let isDraft = best < drafts.count && shares[best] >= floor ?? 0
        return Verdict(
            values: Array(shares.dropLast()), chosen: isDraft ? best : nil, value: shares[best], work: probe.work)
    }

    /// The tokens that write a letter, with a blank before it and without.
    private static func tokens(of letter: Character, in vocabulary: any Vocabulary) -> [TokenID] {
        let spellings = ["\(letter)", " \(letter)"].map { vocabulary.encode($0, matchingSpecialTokens: false) }
        let whole = spellings.filter { $0.count == 1 }.flatMap(\.self)
        return whole.isEmpty ? Array(spellings[0].prefix(1)) : whole
    }

    private func byLikelihood(_ drafts: [Generation], in context: StepContext) async throws -> Verdict? {
        var requests: [ProbeRequest] = []
        for (number, draft) in drafts.enumerated() {
            let step = context.tokens(draft, of: .slm, for: .llm)
            var request = ProbeRequest(
                sequence: context.sequences.draft(number), context: context.tokens(for: .llm) + step,
                sampling: .greedy, randomness: context.randomness)
            request.scoredTokens = step.count
            guard request.context.count < context.pair.llm.identity.contextLength else { return nil }
            requests.append(request)
        }
        let probes = try await probes(requests, of: context.pair.llm)
        let values = probes.map(\.scores.meanLogProbability)
        let finite = values.indices.filter { values[$0].isFinite }
        guard let best = finite.max(by: { values[$0] < values[$1] || (values[$0] == values[$1] && $0 > $1) })
        else { return nil }
        let work = probes.reduce(ModelWork()) { $0 + $1.work }
        return Verdict(
            values: values, chosen: values[best] >= floor ?? -.infinity ? best : nil, value: values[best], work: work)
    }

    /// The answers in order; all requests are under way together.
    private func probes(_ requests: [ProbeRequest], of model: any LanguageModel) async throws -> [Probe] {
        try await withThrowingTaskGroup(of: (Int, Probe).self) { group in
            for (number, request) in requests.enumerated() {
                group.addTask { (number, try await model.probe(request)) }
            }
            var answers = [Probe?](repeating: nil, count: requests.count)
            for try await (number, probe) in group { answers[number] = probe }
            return answers.compactMap(\.self)
        }
    }
}
