/// A metric with its samples at one moment.
public struct MetricFamily: Sendable, Hashable {
    /// How a value behaves over time.
    public enum Kind: String, Sendable, Hashable {
        /// Only rises, from 0 at the start of the process; its name ends in `_total`.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts observations by size.
        case histogram
    }

    /// A label and its value.
    public struct Label: Sendable, Hashable {
        /// Letters, digits and underscores.
        public var name: String
        /// Any text.
        public var value: String

        /// Creates a label.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// One line of the exposition.
    public struct Sample: Sendable, Hashable {
        /// What is appended to the family's name: `_bucket`, `_sum`, `_count`, or nothing.
        public var suffix = ""
        /// In the order in which they are written.
        public var labels: [Label]
        /// The value.
        public var value: Double
    }

    /// Name with unit, e.g. `glimpq_worker_claim_duration_seconds`.
    public let name: String
    /// One sentence for people.
    public let help: String
    /// How the values behave.
    public let kind: Kind
    /// The lines.
    public private(set) var samples: [Sample] = []

    /// Creates a family without samples.
    public init(_ kind: Kind, _ name: String, _ help: String) {
        precondition((kind == .counter) == name.hasSuffix("_total"), "\(name): counters, and only they, end in _total")
        self.kind = kind
        self.name = name
        self.help = help
    }

    /// Creates a family with one sample without labels.
    public init(_ kind: Kind, _ name: String, _ help: String, _ value: Double) {
        self.init(kind, name, help)
        add(value)
    }

    /// Adds a sample.
    public mutating func add(_ value: Double, _ labels: Label...) {
        precondition(kind != .histogram, "\(name): a histogram takes histograms")
        samples.append(Sample(labels: labels, value: value))
    }

    /// Adds a sample if there is a value.
    public mutating func add(_ value: Double?, _ labels: Label...) {
        guard let value else { return }
        samples.append(Sample(labels: labels, value: value))
    }

    /// Adds the lines of a histogram.
    public mutating func add(_ histogram: Histogram, _ labels: Label...) {
        precondition(kind == .histogram, "\(name): only a histogram takes histograms")
        for (bound, count) in histogram.cumulative {
            samples.append(
                Sample(
                    suffix: "_bucket", labels: labels + [Label("le", PrometheusText.number(bound))],
                    value: Double(count)))
        }
        samples.append(Sample(suffix: "_sum", labels: labels, value: histogram.sum))
        samples.append(Sample(suffix: "_count", labels: labels, value: Double(histogram.count)))
    }
}
