extension EvaluationReport {
    /// The report as a page.
    var html: String { HTMLPage(title: title, width: 1100, style: Self.style, body: body).text }

    private var body: String {
        """
        <dl>
        \(facts.map { "<dt>\(HTMLText.escaped($0.name))</dt><dd>\(HTMLText.escaped($0.value))</dd>" }.joined(separator: "\n"))
        </dl>
        \(faults.map { "<p class=\"fault\">\(HTMLText.escaped($0))</p>" }.joined(separator: "\n"))
        \(findings.isEmpty ? "" : "<h2>Findings</h2>")
        \(findings.map(\.html).joined(separator: "\n"))
        \(datasets.map(section).joined(separator: "\n"))
        \(missingTable.html)
        \(thresholdTables.isEmpty ? "" : "<h2>Thresholds</h2>")
        \(thresholdTables.map(\.html).joined(separator: "\n"))
        """
    }

    private func section(_ dataset: DatasetReport) -> String {
        var parts = ["<h2>\(HTMLText.escaped(dataset.name))</h2>", dataset.accuracyTable.html]
        parts += dataset.charts.map(\.html)
        parts += [dataset.timeTable?.html ?? ""]
        parts += dataset.comparisonTables.map(\.html)
        for signal in dataset.signals {
            parts.append(signal.table.html)
            parts.append(SignalCharts(signal).html)
            parts.append(signal.binTable.html)
        }
        parts += [dataset.tokenTable.html, dataset.stopTable.html]
        return parts.joined(separator: "\n")
    }

    private static let style = """
        :root { --bad: #b91c1c; --c0: #0e7490; --c1: #b45309; --c2: #6d28d9; --c3: #15803d; --c4: #be123c; --c5: #1d4ed8;
          --c6: #a16207; --c7: #0f766e; --c8: #9d174d; --c9: #4d7c0f; }
        @media (prefers-color-scheme: dark) { :root { --bad: #fca5a5; --c0: #22d3ee; --c1: #fbbf24; --c2: #c4b5fd; --c3: #4ade80; --c4: #fb7185;
          --c5: #93c5fd; --c6: #fde047; --c7: #5eead4; --c8: #f9a8d4; --c9: #bef264; } }
        h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-bottom: 1px solid var(--line) }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: .9rem }
        dt { color: var(--faint) } dd { margin: 0; overflow-wrap: anywhere }
        .sub { font-size: .85rem } .fault { color: var(--bad) } .scroll { margin-top: 1.2rem }
        table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; width: 100% }
        caption { text-align: left; font-weight: 600; font-size: 1rem; padding-bottom: .3rem }
        th, td { padding: .2rem .6rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap }
        th { font-weight: 500 } thead th { color: var(--faint); vertical-align: bottom; white-space: normal }
        .number, td.number { text-align: right }
        figure { margin: 1.5rem 0 } figcaption { font-weight: 600 }
        .front, .curve { fill: none; stroke: var(--ink); stroke-dasharray: 5 4 }
        g line { stroke: currentColor; opacity: .6 } g circle { fill: currentColor }
        rect.right { fill: var(--c0) } rect.wrong { fill: var(--c4) }
        .key.right { background: var(--c0) } .key.wrong { background: var(--c4) }
        """ + (0..<10).map { " .c\($0) { color: var(--c\($0)) } .key.k\($0) { background: var(--c\($0)) }" }.joined()
}
