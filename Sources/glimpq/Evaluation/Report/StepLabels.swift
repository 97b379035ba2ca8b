import Queue

/// Tells right steps from wrong ones by the reference steps of their problem.
enum StepLabels {
    /// A step of the small model, and whether it is wrong.
    struct Labelled {
        let step: EvaluationStep
        let isWrong: Bool
    }

    /// Labels the steps of jobs up to the first wrong step of each.
    ///
    /// - Parameter steps: Of whole jobs, in order.
    static func label(_ steps: [EvaluationStep], _ dataset: EvaluationDataset) -> [Labelled] {
        var labelled: [Labelled] = []
        var job: (problem: Int, seed: Int64)?
        var place = 0
        var isOff = false
        for step in steps {
            if job?.problem != step.problem || job?.seed != step.seed {
                job = (step.problem, step.seed)
                place = 0
                isOff = false
            }
            guard step.isThinking, !isOff, dataset.problems.indices.contains(step.problem) else { continue }
            let reference = dataset.problems[step.problem].referenceSteps
            if reference.isEmpty { continue }
            let text = plain(step.text)
            if text.isEmpty && place >= reference.count { continue }  // only the end-of-thinking tag
            let isWrong = place >= reference.count || text != plain(reference[place])
            if !step.isLarge { labelled.append(Labelled(step: step, isWrong: isWrong)) }
            place += 1
            isOff = isWrong
        }
        return labelled
    }

    /// The text without the end-of-thinking tag and what stands behind it, and without white space at both ends.
    private static func plain(_ text: String) -> String {
        let cut = text.firstRange(of: "</think>").map { text[..<$0.lowerBound] } ?? text[...]
        return String(cut.trimmed)
    }
}
