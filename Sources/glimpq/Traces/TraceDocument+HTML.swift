extension TraceDocument {
    /// The trace as a page, with a chart of the entropies.
    var html: String { HTMLPage(title: title, width: 800, style: Self.style, body: body).text }

    private var body: String {
        """
        \(lines([verdict, subtitle, account]))
        <pre class="prompt">\(HTMLText.escaped(prompt))</pre>
        <h2>First-token entropy of the small model (nats)</h2>
        \(chartOrNote)
        <h2>Chain of thought</h2>
        <p class="sub"><span class="key slm"></span> small model <span class="key llm"></span> large model</p>
        \(absence.map { lines([$0]) } ?? "")
        <ol>
        \(steps.map(item).joined(separator: "\n"))
        </ol>
        \(referenceAnswer.map { lines(["Reference answer: \($0)"]) } ?? "")
        """
    }

    private func lines(_ lines: [String]) -> String {
        let shown = lines.filter { !$0.isEmpty }.map(HTMLText.escaped).joined(separator: "<br>")
        return #"<p class="sub">\#(shown)</p>"#
    }

    private var chartOrNote: String {
        let svg = EntropyChart(self).svg
        return svg.isEmpty ? lines(["This strategy made no probes."]) : svg
    }

    private func item(_ step: Step) -> String {
        var facts = [step.kind == "answer" ? "answer" : "step \(step.sequence)", step.model]
        if let entropy = step.initialEntropy {
            let sign = step.threshold.map { " \(entropy > $0 ? ">" : "≤") \($0)" } ?? ""
            facts.append("H \(Figures.fixed(entropy, 3))\(sign)")
        }
        if let rule = step.rule { facts.append(rule) }
        if step.isTakenBack { facts.append("taken back") }
        let discarded = step.tokensDiscarded > 0 ? " (\(step.tokensDiscarded) more given up)" : ""
        facts.append("\(step.tokensKept) tokens\(discarded)")
        facts.append("\(Figures.fixed(step.milliseconds, 1)) ms")
        let notes = StepNotes(step)
        let captions = [facts.joined(separator: " · ")] + notes.lines
        return #"<li class="\#(step.isLarge ? "llm" : "slm")\#(step.isTakenBack ? " back" : "")">"#
            + captions.map { "<small>\(HTMLText.escaped($0))</small>" }.joined()
            + "<pre>\(written(step))</pre>" + notes.drafts.map(folded).joined() + "</li>"
    }

    /// The text, with who wrote which piece where both did.
    private func written(_ step: Step) -> String {
        let parts = step.parts
        guard parts.count > 1 else { return HTMLText.escaped(step.text) }
        return parts.map { part in
            let (owner, name) = part.isLarge ? ("llm", "large model") : ("slm", "small model")
            return #"<span class="\#(owner)" title="\#(name)">\#(HTMLText.escaped(part.text))</span>"#
        }.joined()
    }

    private func folded(_ draft: StepNotes.Draft) -> String {
        "<details><summary>\(HTMLText.escaped(draft.title))</summary><pre>\(HTMLText.escaped(draft.text))</pre></details>"
    }

    private static let style = """
        :root { --slm: #0e7490; --llm: #b45309 }
        @media (prefers-color-scheme: dark) { :root { --slm: #22d3ee; --llm: #fbbf24 } }
        h1 { font-size: 1.4rem; margin-bottom: 0 } h2 { font-size: 1rem; margin-top: 2rem }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .2rem 0; font: 14px/1.5 ui-monospace, monospace }
        .prompt { border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem }
        ol { list-style: none; padding: 0 } li { border-left: 4px solid; padding: .1rem 0 .1rem .8rem; margin: .5rem 0 }
        li.slm { border-color: var(--slm) } li.llm { border-color: var(--llm) }
        li small { display: block; color: var(--faint) }
        span.slm { color: var(--slm) } span.llm { color: var(--llm) }
        details { color: var(--faint); font-size: .85rem } summary { cursor: pointer } details pre { margin-left: 1rem }
        li.back > pre, li.back > pre span { text-decoration: line-through; color: var(--faint) }
        .key.slm { background: var(--slm) } .key.llm { background: var(--llm) }
        rect.slm { fill: var(--slm) } rect.llm { fill: var(--llm) }
        .tau { stroke: var(--ink); stroke-dasharray: 5 4 }
        """
}
