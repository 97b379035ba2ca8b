/// Accuracy against a cost: a numbered point with its interval for each variant, and a line along the front.
struct ParetoChart {
    /// A variant.
    struct Point {
        /// Number in the tables.
        var number: Int
        /// Its name.
        var label: String
        /// Variants of one strategy have one colour.
        var group: String
        /// What it costs; not a number leaves it out.
        var cost: Double
        /// What it achieves.
        var accuracy: WilsonInterval
    }

    let title: String
    let costLabel: String
    let points: [Point]

    private var shown: [Point] { points.filter { $0.cost.isFinite && $0.accuracy.share.isFinite } }

    /// The chart with its key; empty if there is nothing to show.
    var html: String {
        let points = shown
        guard points.count > 1 else { return "" }
        let frame = ChartFrame(
            title: title, x: ChartFrame.Axis(costLabel, around: points.map(\.cost), startsAtZero: true),
            y: ChartFrame.Axis(
                "accuracy, %", around: points.flatMap { [$0.accuracy.low * 100, $0.accuracy.high * 100] }))
        let groups = Self.groups(points)
        let front = ParetoFront.contains(points.map { ($0.cost, $0.accuracy.share) })
        let line = zip(points, front).filter(\.1).map(\.0).sorted { $0.cost < $1.cost }
            .map { "\(ChartFrame.text(frame.across($0.cost))),\(ChartFrame.text(frame.up($0.accuracy.share * 100)))" }
        var marks = [#"<polyline class="front" points="\#(line.joined(separator: " "))"/>"#]
        for point in points {
            let x = ChartFrame.text(frame.across(point.cost))
            let y = frame.up(point.accuracy.share * 100)
            let colour = groups.firstIndex(of: point.group) ?? 0
            let note =
                "\(point.number) \(point.label): \(ReportText.share(point.accuracy)), \(Figures.fixed(point.cost, 3))"
            marks.append(
                #"<g class="c\#(colour % 10)"><title>\#(HTMLText.escaped(note))</title>"#
                    + #"<line x1="\#(x)" x2="\#(x)" y1="\#(ChartFrame.text(frame.up(point.accuracy.low * 100)))" y2="\#(ChartFrame.text(frame.up(point.accuracy.high * 100)))"/>"#
                    + #"<circle cx="\#(x)" cy="\#(ChartFrame.text(y))" r="4"/></g>"#)
            marks.append(frame.label("\(point.number)", frame.across(point.cost) + 7, y - 5, "start"))
        }
        let key = groups.enumerated().map { index, name in
            #"<span class="key k\#(index % 10)"></span> \#(HTMLText.escaped(name))"#
        }.joined(separator: " ")
        return """
            <figure><figcaption>\(HTMLText.escaped(title))</figcaption>
            \(frame.svg(marks))
            <p class="sub">\(key) — numbers are those of the tables; the line is the Pareto front.</p></figure>
            """
    }

    private static func groups(_ points: [Point]) -> [String] {
        var groups: [String] = []
        for point in points where !groups.contains(point.group) { groups.append(point.group) }
        return groups
    }
}
