#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension MathAnswer {
    /// Whether an answer means the same as a reference.
    ///
    /// Formulas with variables are compared by value at eight points, negative ones among them; numbers within
    /// rounding, and within `tolerance` where either was written with a decimal point.
    ///
    /// - Parameter tolerance: Largest difference between decimals, absolute, and never more than a thousandth of the
    ///   value: as if both were rounded to six decimals.
    func means(_ other: MathAnswer, tolerance: Double) -> Bool {
        switch (self.simplified, other.simplified) {
        case (.formula(.variable(let a)), .formula(.variable(let b))): a.lowercased() == b.lowercased()
        case (.formula(let a), .formula(let b)): Self.isEqual(a, b, tolerance)
        case (.ordered(let a, let open, let close), .ordered(let b, let open2, let close2)):
            open == open2 && close == close2 && a.count == b.count
                && zip(a, b).allSatisfy { $0.means($1, tolerance: tolerance) }
        case (.unordered(let a), .unordered(let b)), (.union(let a), .union(let b)):
            Self.isEqualRegardlessOfOrder(a, b, tolerance)
        case (.matrix(let a), .matrix(let b)):
            a.count == b.count
                && zip(a, b).allSatisfy { row, other in
                    row.count == other.count && zip(row, other).allSatisfy { Self.isEqual($0, $1, tolerance) }
                }
        case (.equation(let a, let b), .equation(let c, let d)):
            Self.isEqual(a, c, tolerance) && Self.isEqual(b, d, tolerance)
                || Self.isMultiple(.sum(a, .negated(b)), .sum(c, .negated(d)), tolerance)
                || (a.isFunction && c.isName || a.isName && c.isFunction) && Self.isEqual(b, d, tolerance)
        case (.equation(let name, let value), .formula(let other)),
            (.formula(let other), .equation(let name, let value)):
            name.isName && Self.isEqual(value, other, tolerance)
                || value.isName && Self.isEqual(name, other, tolerance)
        case (.relation(let sign, let a, let b), .relation(let sign2, let c, let d)):
            sign == sign2 && Self.isEqual(a, c, tolerance) && Self.isEqual(b, d, tolerance)
        case (.ordered(let a, "(", ")"), .unordered(let b)), (.unordered(let a), .ordered(let b, "(", ")")):
            // Brackets around a list, or none around a tuple: right if the order is.
            a.count == b.count && zip(a, b).allSatisfy { $0.means($1, tolerance: tolerance) }
        case (.words(let a), .words(let b)): !a.isEmpty && a == b
        case (.words(let word), .formula(.variable(let name))), (.formula(.variable(let name)), .words(let word)):
            word == name.lowercased()
        default: false
        }
    }

    /// Without a list of one element around it.
    private var simplified: MathAnswer {
        if case .unordered(let elements) = self, elements.count == 1 { return elements[0].simplified }
        return self
    }

    private static func isEqualRegardlessOfOrder(_ a: [MathAnswer], _ b: [MathAnswer], _ tolerance: Double) -> Bool {
        guard a.count == b.count, a.count <= 100 else { return false }
        var left = b
        for element in a {
            guard let match = left.firstIndex(where: { element.means($0, tolerance: tolerance) }) else { return false }
            left.remove(at: match)
        }
        return true
    }

    /// Points between −3 and 3 that are roots of nothing anybody would write.
    private static let points = [0.7310586, 1.4142967, 2.2360012, 0.3183307, 1.9021743, -0.8346265, -1.5707123, 2.7182]

    private static func isEqual(_ a: MathNode, _ b: MathNode, _ tolerance: Double) -> Bool {
        if a == b { return true }
        if let isSame = MathNode.isSameExactly(a, b) { return isSame }
        let names = a.variables.union(b.variables).sorted()
        let isDecimal = a.hasDecimal || b.hasDecimal
        var compared = 0
        for (x, y) in values(a, b, names) {
            // What overflows says nothing; infinity has to be meant.
            if x == y, !x.isFinite { return names.isEmpty && a.namesInfinity && b.namesInfinity }
            if x == y, names.isEmpty { return true }
            guard x.isFinite, y.isFinite else {
                if x.isFinite != y.isFinite { return false }
                continue
            }
            guard isClose(x, y, isDecimal ? tolerance : 0) || isPercentage(a, b, x, y) else { return false }
            compared += 1
        }
        return compared > 0
    }

    /// 50 % answers 50 and 0.5 alike.
    private static func isPercentage(_ a: MathNode, _ b: MathNode, _ x: ComplexNumber, _ y: ComplexNumber) -> Bool {
        if case .percent = a { return isClose(x, y * ComplexNumber(100), 0) }
        if case .percent = b { return isClose(x * ComplexNumber(100), y, 0) }
        return false
    }

    /// Whether one formula is the other times a number that is not 0: both equations say the same.
    private static func isMultiple(_ a: MathNode, _ b: MathNode, _ tolerance: Double) -> Bool {
        let names = a.variables.union(b.variables).sorted()
        guard !names.isEmpty else { return false }
        var ratio: ComplexNumber?
        for (x, y) in values(a, b, names) {
            guard x.isFinite, y.isFinite, y.magnitude > 1e-9 else { return false }
            let here = x / y
            guard here.magnitude > 1e-9 else { return false }
            if let ratio, !isClose(here, ratio, 0) { return false }
            ratio = here
        }
        return ratio != nil
    }

    private static func values(_ a: MathNode, _ b: MathNode, _ names: [String]) -> [(ComplexNumber, ComplexNumber)] {
        (0..<(names.isEmpty ? 1 : points.count)).map { round in
            let at = { (name: String) -> ComplexNumber in
                let index = names.firstIndex(of: name) ?? 0
                return ComplexNumber(points[(round + index) % points.count] + 0.1 * Double(index / points.count))
            }
            return (a.value(at), b.value(at))
        }
    }

    private static func isClose(_ x: ComplexNumber, _ y: ComplexNumber, _ tolerance: Double) -> Bool {
        if x == y { return true }
        // Whole numbers are exact: two large ones may differ by less than any rounding error.
        if x.isReal, y.isReal, x.real == x.real.rounded(), y.real == y.real.rounded(), abs(y.real) < 0x1p53 {
            return false
        }
        let size = max(x.magnitude, y.magnitude)
        let difference = (x - y).magnitude
        return difference <= max(1e-9 * size, 1e-12) || difference <= min(tolerance, 1e-3 * size)
    }
}

extension MathNode {
    /// Whether it only names what is asked for.
    fileprivate var isName: Bool {
        if case .variable = self { return true }
        return false
    }

    /// Whether it names the value of a function: `f(x)`.
    fileprivate var isFunction: Bool {
        if case .variable(let name) = self { return name.hasSuffix("()") }
        return false
    }

    /// Whether it is infinity, with or without a sign.
    fileprivate var namesInfinity: Bool {
        switch self {
        case .constant("infinity"): true
        case .negated(let a): a.namesInfinity
        default: false
        }
    }
}
