extension StatusReport {
    /// A part of what is shown: lines that stay, and lines of which some can be left out.
    struct Section {
        var head: [String]
        var rows: [String]
        /// What a row is, in the plural.
        var noun: String
    }

    /// The parts, most important first.
    func sections(_ palette: Palette) -> [Section] {
        var sections = [queueSection(palette)]
        if !batches.isEmpty { sections.append(Self.section(batchTable, palette, noun: "batches")) }
        sections.append(
            workers.isEmpty
                ? Section(head: [palette.dim("no workers")], rows: [], noun: "workers")
                : Self.section(workerTable, palette, noun: "workers"))
        if let line = workLine { sections.append(Section(head: [line], rows: [], noun: "")) }
        if !faults.isEmpty { sections.append(Self.section(faultTable, palette, noun: "classes of errors")) }
        if !warnings.isEmpty {
            sections.append(
                Section(head: [], rows: warnings.map { palette.large("warning: \($0)") }, noun: "warnings"))
        }
        return sections
    }

    private func queueSection(_ palette: Palette) -> Section {
        guard queues.isEmpty else { return Self.section(queueTable, palette, noun: "queues") }
        return Section(head: [palette.dim("no jobs are waiting or running")], rows: [], noun: "queues")
    }

    private static func section(_ table: TextTable, _ palette: Palette, noun: String) -> Section {
        let lines = table.rendered(palette).split(separator: "\n").map(String.init)
        return Section(head: Array(lines.prefix(1)), rows: Array(lines.dropFirst()), noun: noun)
    }

    private var queueTable: TextTable {
        var table = TextTable([
            ("queue", .left), ("ready", .right), ("delayed", .right), ("held", .right), ("running", .right),
            ("oldest", .right), ("per min", .right), ("to go", .right), ("", .left),
        ])
        for queue in queues {
            table.append([
                queue.name.printable, (queue.isAbout ? "about " : "") + Figures.grouped(queue.ready),
                Figures.grouped(queue.delayed), Figures.grouped(queue.held), Figures.grouped(queue.running),
                queue.oldestSeconds.map(Figures.duration) ?? "–", Figures.grouped(Int(queue.perMinute.rounded())),
                queue.secondsToGo.map(Figures.duration) ?? "–", queue.isPaused ? "paused" : "",
            ])
        }
        return table
    }

    private var batchTable: TextTable {
        var table = TextTable([
            ("batch", .left), ("done", .right), ("of", .right), ("", .left), ("failed", .right), ("running", .right),
            ("per min", .right), ("to go", .right), ("correct", .right),
        ])
        for batch in batches {
            let share = batch.total > 0 ? Double(batch.total - batch.open) / Double(batch.total) : 0
            let filled = Int((share * 12).rounded(.down))
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 12 - filled)
            table.append([
                batch.name.printable, Figures.grouped(batch.done), Figures.grouped(batch.total), bar,
                Figures.grouped(batch.failed), Figures.grouped(batch.running),
                Figures.grouped(Int(batch.perMinute.rounded())),
                batch.secondsToGo.map(Figures.duration) ?? (batch.open == 0 ? "–" : "?"),
                batch.accuracy.map { Figures.percent($0, 1) } ?? "–",
            ])
        }
        return table
    }

    private var workerTable: TextTable {
        var table = TextTable([
            ("worker", .right), ("state", .left), ("in flight", .right), ("tokens/s", .right), ("last beat", .right),
            ("where", .left), ("version", .left),
        ])
        for worker in workers {
            table.append([
                "\(worker.id)", worker.state, "\(worker.inFlight)/\(worker.capacity)",
                worker.tokensPerSecond.map { Figures.grouped(Int($0.rounded())) } ?? "–",
                Figures.duration(worker.beatSeconds), worker.place.printable,
                worker.version.printable + (worker.protocol.map { " (protocol \($0))" } ?? ""),
            ])
        }
        return table
    }

    private var faultTable: TextTable {
        var table = TextTable([("errors of late", .left), ("jobs", .right), ("", .left)])
        for fault in faults {
            let fate = fault.state == "delayed" ? "will be tried again" : fault.state
            table.append([fault.errorClass, Figures.grouped(fault.jobs), fate])
        }
        return table
    }

    private var workLine: String? {
        var parts: [String] = []
        if let rate = insertedPerSecond { parts.append("in \(Self.rate(rate)) per s") }
        if let work {
            parts.append("out \(Self.rate(work.perSecond)) per s")
            if work.done > 0 {
                parts.append("\(Figures.grouped(Int(Double(work.tokens) / max(work.seconds, 1)))) tokens per s")
            }
            if let share = work.llmTokenShare { parts.append("large model: \(Figures.percent(share, 1)) of tokens") }
            if let share = work.llmStepShare { parts.append("\(Figures.percent(share, 1)) of steps") }
            parts.append("over \(Figures.duration(work.seconds))")
        }
        if let draftAcceptance { parts.append("drafts: \(Figures.percent(draftAcceptance, 1)) of tokens kept") }
        return parts.isEmpty ? nil : parts.joined(separator: "   ")
    }

    private static func rate(_ value: Double) -> String {
        value >= 10 ? Figures.grouped(Int(value.rounded())) : Figures.fixed(value, 1)
    }
}
