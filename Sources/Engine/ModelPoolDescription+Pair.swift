extension ModelPoolDescription {
    /// A small and a large model that work together.
    public struct Pair: Sendable, Hashable, Decodable {
        /// Name of the small model.
        public var slm: String
        /// Name of the large model.
        public var llm: String
        /// First-token entropies (nats) seen on earlier jobs: the prior of routing by a target intervention rate.
        public var entropySample: [Double]
        /// Threshold in nats for jobs that give none: it is a matter of the small model and does not carry over from one
        /// to the next; `nil`: the general default.
        public var defaultTau: Double?
        /// Who grades steps; `nil`: the large model.
        public var judge: Assistant?
        /// Who scores steps; `nil`: the large model's log-probabilities stand in.
        public var scorer: Assistant?
        /// Heads that route tokens, by the method that asks for them.
        public var routers: [String: String]

        enum CodingKeys: String, CodingKey, CaseIterable {
            case slm, llm, judge, scorer
            case entropySample = "entropy_sample"
            case defaultTau = "default_tau"
            case routers = "router"
        }

        /// Reads an entry; refuses keys that it does not know.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.members(CodingKeys.self)
            slm = try values.decode(String.self, forKey: .slm)
            llm = try values.decode(String.self, forKey: .llm)
            entropySample = try values.decodeIfPresent([Double].self, forKey: .entropySample) ?? []
            defaultTau = try values.decodeIfPresent(Double.self, forKey: .defaultTau)
            if let tau = defaultTau, !(tau >= 0 && tau.isFinite) {
                throw values.fault(.defaultTau, "expected nats, 0 or more, got \(tau)")
            }
            judge = try values.decodeIfPresent(Assistant.self, forKey: .judge)
            if judge?.head != nil {
                throw values.fault(.judge, "a judge answers in words; \"head\" is for a scorer")
            }
            scorer = try values.decodeIfPresent(Assistant.self, forKey: .scorer)
            if let scorer, scorer.head == nil || scorer.question != nil || scorer.prefill != nil {
                throw values.fault(.scorer, "expected \"model\" and \"head\" and nothing else")
            }
            routers = try values.decodeIfPresent([String: String].self, forKey: .routers) ?? [:]
        }
    }

    /// A further model of a pair, which judges or scores steps. It reads the large model's ids.
    public struct Assistant: Sendable, Hashable, Decodable {
        /// Name of the model.
        public var model: String
        /// Name of the head that gives a scorer's value.
        public var head: String?
        /// How a judge is asked; `nil`: in the usual words.
        public var question: String?
        /// What a judge's answer begins with; `nil`: the usual words.
        public var prefill: String?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case model, head, question, prefill
        }

        /// Reads an entry; refuses keys that it does not know.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.members(CodingKeys.self)
            model = try values.decode(String.self, forKey: .model)
            head = try values.decodeIfPresent(String.self, forKey: .head)
            question = try values.decodeIfPresent(String.self, forKey: .question)
            prefill = try values.decodeIfPresent(String.self, forKey: .prefill)
        }
    }

    /// A small network on the hidden states of a model.
    public struct Head: Sendable, Hashable, Decodable {
        /// Folder with `head.json` and `head.safetensors`; relative to the pool file. `nil` for one of a simulated model.
        public var path: String?
        /// Name of the model.
        public var model: String

        enum CodingKeys: String, CodingKey, CaseIterable {
            case path, model
        }

        /// Reads an entry; refuses keys that it does not know.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.members(CodingKeys.self)
            path = try values.decodeIfPresent(String.self, forKey: .path)
            model = try values.decode(String.self, forKey: .model)
        }
    }

    /// What is wrong with a head; `nil`: nothing.
    func fault(ofHead head: Head) -> String? {
        guard let model = models[head.model] else {
            return "names model \"\(head.model)\", which \"models\" does not list"
        }
        if model.simulated == nil, head.path == nil { return "lacks \"path\"" }
        if model.simulated != nil, head.path != nil { return "belongs to a simulated model and takes no \"path\"" }
        return nil
    }

    /// What is wrong with a pair; `nil`: nothing.
    func fault(of pair: Pair) -> String? {
        let names = [pair.slm, pair.llm] + [pair.judge?.model, pair.scorer?.model].compactMap(\.self)
        if let name = names.first(where: { models[$0] == nil }) {
            return "names model \"\(name)\", which \"models\" does not list"
        }
        let routers = pair.routers.sorted { $0.key < $1.key }.map { ($0.value, [pair.slm, pair.llm]) }
        let scorer = pair.scorer.flatMap { scorer in scorer.head.map { ($0, [scorer.model]) } }
        for (name, owners) in routers + [scorer].compactMap(\.self) {
            guard let head = heads[name] else { return "names head \"\(name)\", which \"heads\" does not list" }
            if !owners.contains(head.model) {
                return "names head \"\(name)\" of model \"\(head.model)\"; expected one of "
                    + Set(owners).sorted().joined(separator: " or ")
            }
        }
        return nil
    }
}
