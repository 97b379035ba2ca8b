import Routing

extension EvaluationPlan {
    /// Variants whose strategy or parameters a worker would refuse, each with a sentence that says why.
    func refusals(_ datasets: [EvaluationDataset]) -> [(variant: EvaluationVariant, reason: String)] {
        variants.compactMap { variant in refusal(variant, datasets).map { (variant, $0) } }
    }

    private func refusal(_ variant: EvaluationVariant, _ datasets: [EvaluationDataset]) -> String? {
        var tried = variant
        if let range = variant.target?.range {
            tried.params.append((range.parameter, CanonicalJSON.text("\(range.middle(range.low, range.high))")))
        }
        for dataset in datasets {
            guard let problem = dataset.problems.first else { continue }
            do {
                _ = try JobSpecification(
                    prompt: problem.prompt, messages: problem.messages, strategy: tried.strategy,
                    parameters: tried.params(self, dataset.source))
            } catch {
                let key = error.key.replacing("parameters", with: "params")
                return "\(variant.place) (\(variant.name)): \(key): expected \(error.expected), got \(error.got)"
            }
        }
        return nil
    }

    /// Takes out the variants that are not wanted, and what names them.
    mutating func keep(_ isWanted: (String) -> Bool) {
        variants.removeAll { !isWanted($0.name) }
        let left = Set(variants.map(\.name))
        signals.removeAll { !left.contains($0) }
        comparisons = comparisons.map { list in
            // The first of a list is what the others are compared with.
            list.first.map(left.contains) == true ? list.filter(left.contains) : []
        }.filter { $0.count > 1 }
    }
}
