#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Axes of a chart as inline SVG, and where a value stands on them.
struct ChartFrame {
    /// What the chart shows, for people who do not see it.
    let title: String
    /// An axis.
    struct Axis {
        /// What it measures.
        var label: String
        /// Least and greatest value.
        var range: ClosedRange<Double>
        /// Decimals of its ticks.
        var decimals: Int
        /// Distance of its ticks.
        var step: Double

        /// An axis with about five round ticks around some values.
        init(_ label: String, around values: [Double], startsAtZero: Bool = false) {
            self.label = label
            let finite = values.filter(\.isFinite)
            var low = startsAtZero ? 0 : finite.min() ?? 0
            var high = finite.max() ?? 1
            if high <= low { (low, high) = startsAtZero ? (0, max(high, 1e-9)) : (low - 0.5, high + 0.5) }
            let raw = (high - low) / 5
            let power = pow(10, floor(log10(raw)))
            step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= raw * 0.999 } ?? raw
            range = floor(low / step) * step...ceil(high / step - 1e-9) * step
            decimals = max(0, Int(-floor(log10(step))) + (step / power == 2.5 ? 1 : 0))
        }

        var ticks: [Double] {
            let count = Int(((range.upperBound - range.lowerBound) / step).rounded())
            return (0...max(count, 0)).map { range.lowerBound + Double($0) * step }
        }
    }

    let x: Axis
    let y: Axis
    var width = 760.0
    var height = 360.0
    private let left = 58.0
    private let right = 14.0
    private let top = 12.0
    private let bottom = 46.0

    init(title: String, x: Axis, y: Axis, height: Double = 360) {
        self.title = title
        self.x = x
        self.y = y
        self.height = height
    }

    /// The place of a value on the horizontal axis.
    func across(_ value: Double) -> Double {
        left + (value - x.range.lowerBound) / (x.range.upperBound - x.range.lowerBound) * (width - left - right)
    }

    /// The place of a value on the vertical axis.
    func up(_ value: Double) -> Double {
        height - bottom - (value - y.range.lowerBound) / (y.range.upperBound - y.range.lowerBound)
            * (height - top - bottom)
    }

    /// The chart with some marks in it.
    func svg(_ marks: [String]) -> String {
        var parts: [String] = []
        for tick in y.ticks {
            let place = Self.text(up(tick))
            parts.append(
                #"<line class="grid" x1="\#(Self.text(left))" x2="\#(Self.text(width - right))" y1="\#(place)" y2="\#(place)"/>"#
            )
            parts.append(label(Figures.fixed(tick, y.decimals), left - 6, up(tick) + 4, "end"))
        }
        for tick in x.ticks {
            let place = Self.text(across(tick))
            parts.append(
                #"<line class="grid" x1="\#(place)" x2="\#(place)" y1="\#(Self.text(height - bottom))" y2="\#(Self.text(height - bottom + 4))"/>"#
            )
            parts.append(label(Figures.fixed(tick, x.decimals), across(tick), height - bottom + 17, "middle"))
        }
        parts.append(label(x.label, (left + width - right) / 2, height - 8, "middle"))
        parts.append(
            #"<text class="tick" transform="translate(14 \#(Self.text((top + height - bottom) / 2))) rotate(-90)" text-anchor="middle">\#(HTMLText.escaped(y.label))</text>"#
        )
        let size = "\(Self.text(width)) \(Self.text(height))"
        return
            #"<svg viewBox="0 0 \#(size)" role="img" aria-label="\#(HTMLText.escaped(title))">"#
            + (parts + marks).joined(separator: "\n") + "</svg>"
    }

    /// Text at a place.
    func label(_ text: String, _ x: Double, _ y: Double, _ anchor: String) -> String {
        #"<text class="tick" x="\#(Self.text(x))" y="\#(Self.text(y))" text-anchor="\#(anchor)">\#(HTMLText.escaped(text))</text>"#
    }

    /// A coordinate.
    static func text(_ value: Double) -> String { Figures.fixed(value, 1) }
}
