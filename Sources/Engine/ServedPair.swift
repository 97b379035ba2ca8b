public import Generation

/// A pair of a pool, ready to work.
public struct ServedPair: Sendable {
    /// The name that jobs ask for.
    public let name: String
    /// The small model.
    public let slm: any LanguageModel
    /// The large model.
    public let llm: any LanguageModel
    /// First-token entropies seen on earlier jobs, in nats.
    public let entropySample: [Double]
    /// Threshold in nats for jobs that give none.
    public let defaultTau: Double?
    /// Who grades steps, if not the large model.
    public let judge: Assistant?
    /// Who scores steps, if not the large model.
    public let scorer: Assistant?
    /// Heads that route tokens, by the method that asks for them.
    public let routers: [String: String]

    /// A model that judges or scores steps, and how it is asked.
    public struct Assistant: Sendable {
        /// The model; it reads the large model's ids.
        public let model: any LanguageModel
        /// The head that gives a scorer's value.
        public let head: String?
        /// How a judge is asked, if not in the usual words.
        public let question: String?
        /// What its answer begins with, if not with the usual words.
        public let prefill: String?
    }
}

extension ModelPool {
    /// The models of a pair and what is known about their working together.
    ///
    /// - Parameter name: The pair; `nil` for the default.
    /// - Returns: `nil` if the pool has no such pair.
    public func pair(named name: String?) -> ServedPair? {
        let name = name ?? defaultPair
        guard let pair = pairs[name], let slm = model(named: pair.slm), let llm = model(named: pair.llm) else {
            return nil
        }
        func assistant(_ entry: ModelPoolDescription.Assistant?) -> ServedPair.Assistant? {
            guard let entry, let model = model(named: entry.model) else { return nil }
            return ServedPair.Assistant(
                model: model, head: entry.head, question: entry.question, prefill: entry.prefill)
        }
        return ServedPair(
            name: name, slm: slm, llm: llm, entropySample: pair.entropySample, defaultTau: pair.defaultTau,
            judge: assistant(pair.judge), scorer: assistant(pair.scorer), routers: pair.routers)
    }

    /// Refuses judges and scorers that cannot read the large model's ids.
    ///
    /// - Throws: ``ModelPoolError/badPair(name:reason:)``.
    func checkVocabularies() throws {
        for name in pairNames {
            guard let pair = pair(named: name) else { continue }
            for (role, assistant) in [("judge", pair.judge), ("scorer", pair.scorer)] {
                guard let assistant, !assistant.model.vocabulary.isInterchangeable(with: pair.llm.vocabulary) else {
                    continue
                }
                throw ModelPoolError.badPair(
                    name: name,
                    reason:
                        "\(role): model \(assistant.model.identity.name) reads what \(pair.llm.identity.name) wrote, "
                        + "but their vocabularies or end-of-text tokens differ; choose a model of the same family")
            }
        }
    }
}
