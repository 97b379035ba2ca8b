/// The first-token entropy of each step as an inline SVG: a bar per step, coloured by who wrote it, and the threshold as
/// a line.
struct EntropyChart {
    private let document: TraceDocument
    private let ceiling: Double
    /// Grows where bars would get too thin to be seen; the page then scrolls it.
    private let width: Double
    private static let usualWidth = 760.0
    private static let leastSlot = 3.0
    private let height = 220.0
    private let left = 48.0
    private let right = 8.0
    private let bottom = 28.0
    private let top = 12.0

    /// A chart of a trace.
    init(_ document: TraceDocument) {
        self.document = document
        ceiling = document.ceiling
        width = max(Self.usualWidth, left + right + Self.leastSlot * Double(document.thinking.count))
    }

    /// The SVG element; empty if no step has an entropy.
    var svg: String {
        let steps = document.thinking
        guard steps.contains(where: { $0.initialEntropy != nil }) else { return "" }
        let slot = (width - left - right) / Double(steps.count)
        var parts = grid()
        for (index, step) in steps.enumerated() {
            let x = left + slot * (Double(index) + 0.15)
            if let entropy = step.initialEntropy {
                let y = position(entropy)
                let title = "step \(step.sequence), \(step.owner): \(Figures.fixed(entropy, 4)) nats"
                parts.append(
                    #"<rect class="\#(step.owner)" x="\#(number(x))" y="\#(number(y))" width="\#(number(slot * 0.7))" "#
                        + #"height="\#(number(max(height - bottom - y, 1)))"><title>\#(HTMLText.escaped(title))</title></rect>"#
                )
            }
            if steps.count <= 40 || index.isMultiple(of: 10) {
                let middle = x + slot * 0.35
                parts.append(
                    #"<text class="tick" x="\#(number(middle))" y="\#(number(height - 10))" text-anchor="middle">\#(step.sequence)</text>"#
                )
            }
        }
        if let threshold = document.threshold {
            let y = number(position(threshold))
            parts.append(
                #"<line class="tau" x1="\#(number(left))" x2="\#(number(width - right))" y1="\#(y)" y2="\#(y)"/>"#)
            parts.append(
                #"<text class="tick" x="\#(number(width - 10))" y="\#(number(position(threshold) - 4))" text-anchor="end">τ = \#(threshold)</text>"#
            )
        }
        return
            #"<div class="scroll"><svg viewBox="0 0 \#(number(width)) \#(number(height))" role="img" "#
            + #"aria-label="First-token entropy per step"\#(size)>"# + parts.joined(separator: "\n") + "</svg></div>"
    }

    private var size: String { width > Self.usualWidth ? #" style="width: \#(number(width))px""# : "" }

    /// Horizontal lines at a quarter, half, three quarters and the whole of the ceiling.
    private func grid() -> [String] {
        (0...4).map { quarter in
            let value = ceiling * Double(quarter) / 4
            let y = position(value)
            return
                #"<line class="grid" x1="\#(number(left))" x2="\#(number(width - right))" y1="\#(number(y))" y2="\#(number(y))"/>"#
                + #"<text class="tick" x="\#(number(left - 6))" y="\#(number(y + 4))" text-anchor="end">\#(Figures.fixed(value, 2))</text>"#
        }
    }

    private func position(_ entropy: Double) -> Double {
        height - bottom - entropy / ceiling * (height - bottom - top)
    }

    private func number(_ value: Double) -> String { Figures.fixed(value, 1) }
}
