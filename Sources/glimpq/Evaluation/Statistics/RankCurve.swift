/// How well a signal tells wrong from right: the area under its ROC curve, which is the chance that a wrong unit has a
/// higher signal than a right one, ties counted half (J. A. Hanley and B. J. McNeil, Radiology 143, 1982).
struct RankCurve: Equatable {
    /// The area; not a number if all units are right, or all wrong.
    let area: Double
    /// Lower end of the 95 % interval, by a bootstrap over problems.
    let low: Double
    /// Upper end of the 95 % interval.
    let high: Double

    /// One unit.
    struct Unit {
        /// The signal.
        var signal: Double
        /// Whether the unit is wrong.
        var isWrong: Bool
        /// The problem it belongs to: units of one problem are not independent, so whole problems are drawn.
        var problem: Int
    }

    /// - Parameters:
    ///   - units: The units.
    ///   - rounds: Bootstrap rounds.
    ///   - seed: Of the bootstrap.
    init(_ units: [Unit], rounds: Int, seed: UInt64) {
        let sorted = units.sorted { $0.signal < $1.signal }
        let numbers = Dictionary(
            uniqueKeysWithValues: Set(units.map(\.problem)).sorted().enumerated().map { ($0.element, $0.offset) })
        let problems = sorted.map { numbers[$0.problem] ?? 0 }
        area = Self.area(sorted) { _ in 1 }
        let draws = ProblemDraws(seed: seed, count: numbers.count)
        var areas: [Double] = []
        for round in 0..<(numbers.isEmpty ? 0 : rounds) {
            var weights = [Double](repeating: 0, count: numbers.count)
            draws.forEach(round: round) { weights[$0] += 1 }
            let value = Self.area(sorted) { weights[problems[$0]] }
            if !value.isNaN { areas.append(value) }
        }
        areas.sort()
        low = Quantile.of(sorted: areas, 0.025)
        high = Quantile.of(sorted: areas, 0.975)
    }

    /// The area with a weight for each unit of a list in ascending order of the signal.
    private static func area(_ sorted: [Unit], weight: (Int) -> Double) -> Double {
        var (wrong, right, won) = (0.0, 0.0, 0.0)
        var start = 0
        while start < sorted.count {
            var (tiedWrong, tiedRight) = (0.0, 0.0)
            var end = start
            while end < sorted.count, sorted[end].signal == sorted[start].signal {
                if sorted[end].isWrong { tiedWrong += weight(end) } else { tiedRight += weight(end) }
                end += 1
            }
            won += tiedWrong * (right + tiedRight / 2)
            wrong += tiedWrong
            right += tiedRight
            start = end
        }
        return wrong > 0 && right > 0 ? won / (wrong * right) : .nan
    }
}
