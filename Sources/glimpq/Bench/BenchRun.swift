/// Measures one thing after the other, all repetitions of each, and says on the way how far it is.
struct BenchRun {
    private let model: BenchModel
    private let repetitions: Int
    private let terminal: Terminal
    private let sink: ByteSink

    init(model: BenchModel, repetitions: Int, terminal: Terminal = .error, sink: ByteSink = .standardError) {
        self.model = model
        self.repetitions = repetitions
        self.terminal = terminal
        self.sink = sink
    }

    /// Measures everything.
    ///
    /// - Throws: What ``BenchModel/measure(_:)`` and the terminal throw.
    func report(on measurements: [Measurement]) throws -> BenchReport {
        var report = BenchReport(cost: model.cost)
        for (index, measurement) in measurements.enumerated() {
            var samples: [Sample] = []
            for repetition in 1...repetitions {
                try say("\(index + 1)/\(measurements.count)  \(measurement.request)  \(repetition)/\(repetitions)")
                samples.append(try model.measure(measurement))
            }
            model.forget(measurement)
            report.append(measurement, Samples(samples))
        }
        try say("")
        return report
    }

    /// A line that the next one replaces; nothing where no person reads.
    private func say(_ text: String) throws {
        if terminal.isInteractive { try sink.write("\r\u{1B}[K" + text) }
    }
}
