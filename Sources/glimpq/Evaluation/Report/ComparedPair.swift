/// Two variants on the same problems, as one of a family of comparisons.
struct ComparedPair {
    let first: VariantSummary
    let second: VariantSummary
    /// First minus second.
    let difference: PairedDifference
    /// The p-value of the sign test, corrected for the family.
    let corrected: Double

    /// Compares pairs as one family.
    static func all(
        _ pairs: [(VariantSummary, VariantSummary)], _ bootstrap: EvaluationPlan.Bootstrap
    ) -> [ComparedPair] {
        let differences = pairs.map { $0.0.difference(to: $0.1, bootstrap) }
        let corrected = HolmCorrection.adjusted(differences.map(\.pValue))
        return pairs.indices.map { index in
            ComparedPair(
                first: pairs[index].0, second: pairs[index].1, difference: differences[index],
                corrected: corrected[index])
        }
    }

    /// What is shown: at the level of 5 % for the whole family, and by an interval without 0.
    var verdict: String {
        guard difference.mean.isFinite else { return "not compared, as there are no answers to the same problems" }
        if corrected >= 0.05 { return "no difference shown" }
        if difference.low > 0 { return "better" }
        return difference.high < 0 ? "worse" : "no difference shown"
    }

    /// The comparison in a sentence.
    var sentence: String {
        "against \(second.variant.name): \(verdict), \(ReportText.points(difference)) points, p \(ReportText.probability(corrected)) "
            + "after Holm (\(difference.wins) wins, \(difference.losses) losses); LLM steps "
            + "\(ReportText.percent(first.llmStepShare)) against \(ReportText.percent(second.llmStepShare)), LLM tokens "
            + "\(ReportText.percent(first.llmTokenShare)) against \(ReportText.percent(second.llmTokenShare))"
    }
}
