extension EvaluationReport {
    /// The same tables as Markdown.
    var markdown: String {
        var parts = ["# \(title)"]
        if let preface { parts.append(preface) }
        parts.append(facts.map { "- \($0.name): \(Self.inline($0))" }.joined(separator: "\n"))
        if !faults.isEmpty { parts.append(faults.map { "> \($0)" }.joined(separator: "\n>\n")) }
        if !findings.isEmpty { parts += ["## Findings"] + findings.map(\.markdown) }
        for dataset in datasets {
            parts.append("## \(dataset.name)")
            var tables = [dataset.accuracyTable] + [dataset.timeTable].compactMap(\.self) + dataset.comparisonTables
            for signal in dataset.signals { tables += [signal.table, signal.binTable] }
            tables += [dataset.tokenTable, dataset.stopTable]
            parts += tables.map(\.markdown).filter { !$0.isEmpty }
        }
        if !missingTable.rows.isEmpty { parts += ["## What is missing", missingTable.markdown] }
        if !thresholdTables.isEmpty { parts += ["## Thresholds"] + thresholdTables.map(\.markdown) }
        return parts.map { $0.hasSuffix("\n") ? String($0.dropLast()) : $0 }.joined(separator: "\n\n") + "\n"
    }

    private static func inline(_ fact: (name: String, value: String)) -> String {
        ["command", "parameters of all"].contains(fact.name) ? "`\(fact.value)`" : fact.value
    }
}
