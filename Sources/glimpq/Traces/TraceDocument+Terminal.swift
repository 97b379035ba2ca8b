extension TraceDocument {
    /// The chain of thought as lines of a terminal, coloured by owner, with the first-token entropy of each step.
    func terminal(_ palette: Palette) -> String {
        var lines = [palette.bold(title) + "  " + coloured(verdict, palette), palette.dim(subtitle)]
        if !account.isEmpty { lines.append(palette.dim(account)) }
        lines.append(contentsOf: attemptLines(palette))
        lines += ["", prompt.printable, ""]
        if let absence {
            lines.append(palette.dim(absence))
        } else {
            let isMixed = !palette.isOn && steps.contains { $0.parts.count > 1 }
            lines.append(palette.dim("step  owner  H_init (nats)" + (isMixed ? "        ⟦by the large model⟧" : "")))
        }
        let ceiling = ceiling
        for step in steps { lines.append(contentsOf: self.lines(step, palette, ceiling: ceiling)) }
        if let referenceAnswer, correct != true {
            lines += ["", palette.dim("reference answer: ") + referenceAnswer.printable]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func coloured(_ text: String, _ palette: Palette) -> String {
        switch (state, correct) {
        case ("done", true): palette.good(text)
        case ("done", nil), ("ready", _), ("running", _), ("held", _), ("delayed", _): text
        default: palette.bad(text)
        }
    }

    /// Only where there is more to say than that one attempt did it all.
    private func attemptLines(_ palette: Palette) -> [String] {
        guard attempts.count > 1 || attempts.contains(where: { $0.outcome != "done" }) else { return [] }
        return attempts.map { attempt in
            var text = "attempt \(attempt.epoch): worker \(attempt.worker), \(attempt.outcome ?? "running")"
            text += ", \(attempt.stepsWritten) steps written"
            if let from = attempt.resumedFrom {
                text += ", went on from attempt \(from) at step \(attempt.resumedAtStep)"
            }
            if let error = attempt.errorClass { text += "; \(error): \((attempt.errorMessage ?? "").printable)" }
            return palette.dim(text)
        }
    }

    private func lines(_ step: Step, _ palette: Palette, ceiling: Double) -> [String] {
        let colour = step.isTakenBack ? palette.dim : step.isLarge ? palette.large : palette.small
        let label = step.kind == "answer" ? "ans" : "\(step.sequence)" + (step.isTakenBack ? "×" : "")
        let head = pad(label, 4, right: true) + "  " + colour(pad(step.owner, 5)) + "  "
        let gauge = pad(self.gauge(step, ceiling: ceiling), 20) + " "
        let written = written(step, palette)
        let indent = String(repeating: " ", count: 13 + 21)
        let notes = StepNotes(step)
        var lines = [head + palette.dim(gauge) + (written.first ?? "")] + written.dropFirst().map { indent + $0 }
        lines += notes.lines.map { indent + palette.dim("· \($0)") }
        for draft in notes.drafts {
            lines.append(indent + palette.dim("· \(draft.title):"))
            let text = draft.text.printable.split(separator: "\n")
            lines += text.map { indent + palette.dim("  │ \($0)") }
        }
        return lines
    }

    /// The lines of a step's text, each piece in the colour of its writer. Without colours the large model's pieces stand
    /// in brackets, where both wrote.
    private func written(_ step: Step, _ palette: Palette) -> [String] {
        let parts = step.parts
        let isBracketed = !palette.isOn && parts.count > 1
        return parts.lines.map { line in
            line.map { part in
                if step.isTakenBack { return palette.dim(part.text) }
                if isBracketed, part.isLarge { return "⟦\(part.text)⟧" }
                return part.isLarge ? palette.large(part.text) : palette.small(part.text)
            }.joined()
        }
    }

    /// `0.853 ███▌ > 0.2`: the entropy, its bar, and how it stands to the threshold.
    private func gauge(_ step: Step, ceiling: Double) -> String {
        guard let entropy = step.initialEntropy else { return "" }
        let eighths = Int((entropy / ceiling * 8 * 6).rounded())
        let rest = eighths % 8
        let partial = rest == 0 ? "" : String("▏▎▍▌▋▊▉"["▏▎▍▌▋▊▉".index("▏▎▍▌▋▊▉".startIndex, offsetBy: rest - 1)])
        let bar = String(repeating: "█", count: eighths / 8) + partial
        let sign = step.threshold.map { entropy > $0 ? " >" : " ≤" } ?? ""
        return Figures.fixed(entropy, 3) + sign + " " + bar
    }

    private func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return right ? space + text : text + space
    }
}
