import Engine
import Routing

extension ModelPair {
    /// A pair of a pool as sessions see it.
    init(_ served: ServedPair) {
        func assistant(_ served: ServedPair.Assistant) -> Assistant {
            Assistant(model: served.model, head: served.head, question: served.question, prefill: served.prefill)
        }
        self.init(name: served.name, slm: served.slm, llm: served.llm, priorEntropies: served.entropySample)
        judge = served.judge.map(assistant)
        scorer = served.scorer.map(assistant)
        routers = served.routers
    }
}
