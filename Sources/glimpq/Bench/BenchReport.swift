/// Figures of one model on one machine, for people and for programs.
struct BenchReport {
    /// A model below this may stay in the processor's caches, and the memory's bandwidth says nothing about it.
    private static let largestCache = 256e6
    private let cost: PassCost
    private var figures: [(measurement: Measurement, samples: Samples)] = []

    init(cost: PassCost) { self.cost = cost }

    /// Adds a figure.
    mutating func append(_ measurement: Measurement, _ samples: Samples) { figures.append((measurement, samples)) }

    /// Bytes per second that all threads together can read, if it was measured.
    private var bandwidth: Double? {
        figures.compactMap { figure in
            if case .bandwidth = figure.measurement { figure.samples.median.rate } else { nil }
        }.max()
    }

    /// A table: what, median, range, and what the median means for the machine.
    func text(_ palette: Palette) -> String {
        var table = TextTable([("measurement", .left), ("median", .right), ("range", .left), ("that is", .left)])
        for (measurement, samples) in figures {
            table.append([
                Self.title(measurement), Self.value(measurement, samples.median, withUnit: true),
                Self.range(measurement, samples),
                meaning(measurement, samples.median),
            ])
        }
        return table.rendered(palette) + "\n"
    }

    /// One line of JSON for each figure.
    var json: String {
        figures.map { measurement, samples in
            JSONText.object([
                ("measurement", JSONText.string(measurement.request)), ("unit", JSONText.string(measurement.unit)),
                ("per_second", JSONText.rounded(samples.median.rate)),
                ("lowest", JSONText.rounded(samples.slowest.rate)),
                ("highest", JSONText.rounded(samples.fastest.rate)),
                ("seconds", JSONText.rounded(samples.median.seconds)), ("repetitions", "\(samples.count)"),
            ]) + "\n"
        }.joined()
    }

    private static func title(_ measurement: Measurement) -> String {
        switch measurement {
        case .bandwidth(let threads): "read bandwidth, \(threads) thread\(threads == 1 ? "" : "s")"
        case .load: "load to first probe"
        case .decode(let sequences, let context, _):
            "decode, \(sequences) sequence\(sequences == 1 ? "" : "s") of \(context)"
        case .prefill(let tokens): "prefill of \(tokens)"
        case .extend(let tokens, let context): "\(tokens) more behind \(context)"
        case .probe(let sequences, let context, let isShared):
            "\(sequences) probe\(sequences == 1 ? "" : "s") on \(context)"
                + (sequences == 1 ? "" : isShared ? ", common prefix" : ", own prefixes")
        }
    }

    private static func value(_ measurement: Measurement, _ sample: Sample, withUnit: Bool = false) -> String {
        switch measurement {
        case .bandwidth: Figures.fixed(sample.rate / 1e9, 1) + (withUnit ? " GB/s" : "")
        case .load: Figures.fixed(sample.seconds, 2) + (withUnit ? " s" : "")
        case .decode, .prefill, .extend: Figures.fixed(sample.rate, 1) + (withUnit ? " tok/s" : "")
        case .probe: Figures.fixed(sample.seconds * 1e3, 2) + (withUnit ? " ms" : "")
        }
    }

    /// From the smaller to the larger value.
    private static func range(_ measurement: Measurement, _ samples: Samples) -> String {
        let ends = [value(measurement, samples.slowest), value(measurement, samples.fastest)]
        switch measurement {
        case .bandwidth, .decode, .prefill, .extend: return ends[0] + "–" + ends[1]
        case .load, .probe: return ends[1] + "–" + ends[0]
        }
    }

    private func meaning(_ measurement: Measurement, _ sample: Sample) -> String {
        switch measurement {
        case .bandwidth, .load: return ""
        case .decode(let sequences, let context, let steps):
            let perStep = sample.seconds / Double(steps)
            let bytes = cost.bytes(sequences: sequences, context: context + steps / 2), rate = bytes / perStep
            let share = bandwidth.map { " (\(Figures.percent(rate / $0)) of the bandwidth)" } ?? ""
            let operations = cost.operations(
                rows: sequences, context: Double(context + steps / 2), logitRows: sequences)
            return "\(Figures.fixed(perStep * 1e3, 3)) ms per step, "
                + (bytes < Self.largestCache ? "" : "\(Figures.fixed(rate / 1e9, 1)) GB/s\(share), ")
                + "\(Figures.fixed(operations / perStep / 1e9, 0)) Gop/s"
        case .prefill(let tokens):
            let operations = cost.operations(rows: tokens, context: Double(tokens) / 2, logitRows: 1)
            return "\(Figures.fixed(operations / sample.seconds / 1e9, 0)) Gop/s"
        case .extend: return "\(Figures.fixed(sample.seconds * 1e3, 3)) ms"
        case .probe(let sequences, _, _):
            return "\(Figures.fixed(sample.seconds / Double(sequences) * 1e6, 0)) µs per probe"
        }
    }
}
