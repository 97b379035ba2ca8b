extension TraceDocument {
    /// A page that needs nothing else: no scripts, no fonts, no network. Follows the reader's light or dark setting.
    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(HTMLText.escaped(title))</title>
        <style>\(Self.style)</style>
        </head>
        <body>
        <h1>\(HTMLText.escaped(title))</h1>
        <p class="sub">\(HTMLText.escaped(verdict))<br>\(HTMLText.escaped(subtitle))</p>
        <pre class="prompt">\(HTMLText.escaped(prompt))</pre>
        <h2>First-token entropy of the small model (nats)</h2>
        \(chartOrNote)
        <h2>Chain of thought</h2>
        <p class="sub"><span class="key slm"></span> small model <span class="key llm"></span> large model</p>
        <ol>
        \(steps.map(item).joined(separator: "\n"))
        </ol>
        \(reference)
        </body>
        </html>

        """
    }

    private var chartOrNote: String {
        let svg = EntropyChart(self).svg
        return svg.isEmpty ? #"<p class="sub">This strategy made no probes.</p>"# : svg
    }

    private var reference: String {
        guard let referenceAnswer else { return "" }
        return "<p class=\"sub\">Reference answer: \(HTMLText.escaped(referenceAnswer))</p>"
    }

    private func item(_ step: Step) -> String {
        var facts = [step.kind == "answer" ? "answer" : "step \(step.sequence)", step.model]
        if let entropy = step.initialEntropy {
            let sign = step.threshold.map { " \(entropy > $0 ? ">" : "≤") \($0)" } ?? ""
            facts.append("H \(Figures.fixed(entropy, 3))\(sign)")
        }
        if let rule = step.rule { facts.append(rule) }
        if step.isTakenBack { facts.append("taken back") }
        facts.append("\(step.tokensKept) tokens")
        facts.append("\(Figures.fixed(step.milliseconds, 1)) ms")
        let caption = HTMLText.escaped(facts.joined(separator: " · "))
        return
            #"<li class="\#(step.isLarge ? "llm" : "slm")\#(step.isTakenBack ? " back" : "")"><small>\#(caption)</small><pre>\#(HTMLText.escaped(step.text))</pre></li>"#
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1c1e21; --paper: #fff; --faint: #6b7280; --line: #e5e7eb;
          --slm: #0e7490; --llm: #b45309; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e5e7eb; --paper: #111418; --faint: #9ca3af; --line: #2b3038;
          --slm: #22d3ee; --llm: #fbbf24; } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 800px;
          margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.4rem; margin-bottom: 0 } h2 { font-size: 1rem; margin-top: 2rem }
        .sub { color: var(--faint); margin-top: .3rem }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .2rem 0; font: 14px/1.5 ui-monospace, monospace }
        .prompt { border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem }
        ol { list-style: none; padding: 0 } li { border-left: 4px solid; padding: .1rem 0 .1rem .8rem; margin: .5rem 0 }
        li.back pre { text-decoration: line-through; color: var(--faint) }
        li.slm { border-color: var(--slm) } li.llm { border-color: var(--llm) } li small { color: var(--faint) }
        .key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-left: .8em }
        .key.slm { background: var(--slm) } .key.llm { background: var(--llm) }
        svg { width: 100%; height: auto } rect.slm { fill: var(--slm) } rect.llm { fill: var(--llm) }
        .grid { stroke: var(--line) } .tau { stroke: var(--ink); stroke-dasharray: 5 4 }
        .tick { fill: var(--faint); font: 11px system-ui, sans-serif }
        """
}
