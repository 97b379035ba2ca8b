/// The distribution of the first-token entropy, and the share of wrong steps by it.
struct SignalCharts {
    private let report: SignalReport

    init(_ report: SignalReport) { self.report = report }

    /// Both charts with their keys.
    var html: String { histogram + curve }

    /// Right and wrong steps stacked, in thirty bins.
    private var histogram: String {
        let all = report.entropies.right + report.entropies.wrong
        guard let highest = all.max(), all.count > 1 else { return "" }
        let bins = 30
        let width = max(highest, 1e-6) / Double(bins)
        func counts(_ values: [Double]) -> [Int] {
            var counts = [Int](repeating: 0, count: bins)
            for value in values { counts[min(bins - 1, max(0, Int(value / width)))] += 1 }
            return counts
        }
        let right = counts(report.entropies.right), wrong = counts(report.entropies.wrong)
        // The share of steps is drawn by its square root, as most steps have next to no entropy.
        func height(_ count: Int) -> Double { (Double(count) / Double(all.count) * 100).squareRoot() }
        let frame = ChartFrame(
            title: "First-token entropy of the small model's steps on \(report.dataset)",
            x: ChartFrame.Axis("H_init, nats", around: [0, highest], startsAtZero: true),
            y: ChartFrame.Axis(
                "√ of the share of steps in %", around: (0..<bins).map { height(right[$0] + wrong[$0]) },
                startsAtZero: true),
            height: 260)
        var marks: [String] = []
        for bin in 0..<bins where right[bin] + wrong[bin] > 0 {
            let x = frame.across(Double(bin) * width), end = frame.across(Double(bin + 1) * width)
            let base = frame.up(0), top = frame.up(height(right[bin] + wrong[bin]))
            let split = base - (base - top) * Double(right[bin]) / Double(right[bin] + wrong[bin])
            let note =
                "\(Figures.fixed(Double(bin) * width, 2)) – \(Figures.fixed(Double(bin + 1) * width, 2)) nats: "
                + "\(Figures.grouped(right[bin] + wrong[bin])) steps"
                + (report.isLabelled ? ", \(Figures.grouped(wrong[bin])) wrong" : "")
            func bar(_ name: String, _ from: Double, _ to: Double) -> String {
                #"<rect class="\#(name)" x="\#(ChartFrame.text(x + 0.5))" y="\#(ChartFrame.text(to))" width="\#(ChartFrame.text(max(end - x - 1, 1)))" height="\#(ChartFrame.text(max(from - to, 0)))"/>"#
            }
            marks.append(
                "<g><title>\(HTMLText.escaped(note))</title>" + bar("right", base, split) + bar("wrong", split, top)
                    + "</g>")
        }
        let key =
            report.isLabelled
            ? #"<span class="key right"></span> right <span class="key wrong"></span> wrong; the split of a bar is by numbers"#
            : #"<span class="key right"></span> all steps"#
        return figure(frame.title, frame.svg(marks), key)
    }

    /// Share of wrong steps with intervals over tenths of the steps.
    private var curve: String {
        guard report.bins.count > 1 else { return "" }
        let shares = report.bins.map { WilsonInterval(hits: Double($0.wrong), trials: Double($0.steps)) }
        let frame = ChartFrame(
            title: "Wrong steps by first-token entropy on \(report.dataset)",
            x: ChartFrame.Axis(
                "mean H_init of a tenth of the steps, nats", around: report.bins.map(\.mean), startsAtZero: true),
            y: ChartFrame.Axis("wrong steps, %", around: shares.map { $0.high * 100 }, startsAtZero: true), height: 260)
        let line = zip(report.bins, shares).map { bin, share in
            "\(ChartFrame.text(frame.across(bin.mean))),\(ChartFrame.text(frame.up(share.share * 100)))"
        }
        var marks = [#"<polyline class="curve" points="\#(line.joined(separator: " "))"/>"#]
        for (bin, share) in zip(report.bins, shares) {
            let x = ChartFrame.text(frame.across(bin.mean))
            let note =
                "\(Figures.fixed(bin.mean, 3)) nats: \(ReportText.share(share)) of \(Figures.grouped(bin.steps)) steps"
            marks.append(
                #"<g class="c0"><title>\#(HTMLText.escaped(note))</title><line x1="\#(x)" x2="\#(x)" y1="\#(ChartFrame.text(frame.up(share.low * 100)))" y2="\#(ChartFrame.text(frame.up(share.high * 100)))"/><circle cx="\#(x)" cy="\#(ChartFrame.text(frame.up(share.share * 100)))" r="4"/></g>"#
            )
        }
        return figure(frame.title, frame.svg(marks), "with 95 % intervals")
    }

    private func figure(_ title: String, _ svg: String, _ key: String) -> String {
        """
        <figure><figcaption>\(HTMLText.escaped(title))</figcaption>
        \(svg)
        <p class="sub">\(key)</p></figure>

        """
    }
}
