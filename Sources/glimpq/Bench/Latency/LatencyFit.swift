/// A latency estimate fitted to measured passes, and how well it fits.
///
/// Least squares of relative errors, as passes of one token and of hundreds are to count alike. Coefficients are not
/// negative; the best such fit is found among all choices of coefficients that are 0.
struct LatencyFit: Sendable {
    /// The coefficients.
    let estimate: LatencyEstimate
    /// The measured passes.
    let points: [LatencyPoint]

    /// Fits.
    ///
    /// - Returns: `nil` without a point, or if a time is not above 0.
    init?(_ points: [LatencyPoint]) {
        guard !points.isEmpty, points.allSatisfy({ $0.seconds > 0 && $0.seconds.isFinite }) else { return nil }
        self.points = points
        let rows = points.map { point in
            LatencyEstimate.regressors(new: point.new, cached: point.cached).map { $0 / point.seconds }
        }
        var best: (error: Double, coefficients: [Double])?
        for choice in 1..<16 {
            let columns = (0..<4).filter { choice >> $0 & 1 == 1 }
            guard let solution = Self.leastSquares(rows, columns), solution.allSatisfy({ $0 >= 0 }) else { continue }
            var coefficients = [0.0, 0, 0, 0]
            for (column, value) in zip(columns, solution) { coefficients[column] = value }
            let error = rows.reduce(0) { sum, row in
                let miss = zip(row, coefficients).reduce(-1) { $0 + $1.0 * $1.1 }
                return sum + miss * miss
            }
            if error < best?.error ?? .infinity { best = (error, coefficients) }
        }
        guard let x = best?.coefficients else { return nil }
        estimate = LatencyEstimate(a: x[0], b: x[1], c: x[2], d: x[3])
    }

    /// Share of the times' variance that the estimate explains; 1 is a perfect fit.
    var determination: Double {
        let mean = points.reduce(0) { $0 + $1.seconds } / Double(points.count)
        let spread = points.reduce(0) { $0 + ($1.seconds - mean) * ($1.seconds - mean) }
        let missed = points.reduce(0) { sum, point in
            let miss = estimate.seconds(new: point.new, cached: point.cached) - point.seconds
            return sum + miss * miss
        }
        return spread > 0 ? 1 - missed / spread : missed > 0 ? 0 : 1
    }

    /// The largest error of a pass, as a share of its time.
    var largestRelativeError: Double {
        points.map { abs(estimate.seconds(new: $0.new, cached: $0.cached) / $0.seconds - 1) }.max() ?? 0
    }

    /// Coefficients of some columns for which the rows come closest to 1; `nil` if they are not determined.
    private static func leastSquares(_ rows: [[Double]], _ columns: [Int]) -> [Double]? {
        // Columns differ by many orders of magnitude: each is brought to length 1.
        let lengths = columns.map { column in rows.reduce(0) { $0 + $1[column] * $1[column] }.squareRoot() }
        guard lengths.allSatisfy({ $0 > 0 }) else { return nil }
        let count = columns.count
        var system = (0..<count).map { i in
            (0..<count).map { j in
                rows.reduce(0) { $0 + $1[columns[i]] / lengths[i] * ($1[columns[j]] / lengths[j]) }
            } + [rows.reduce(0) { $0 + $1[columns[i]] / lengths[i] }]
        }
        for pivot in 0..<count {
            guard let largest = (pivot..<count).max(by: { abs(system[$0][pivot]) < abs(system[$1][pivot]) }),
                abs(system[largest][pivot]) > 1e-12
            else { return nil }
            system.swapAt(pivot, largest)
            for row in 0..<count where row != pivot {
                let factor = system[row][pivot] / system[pivot][pivot]
                for column in pivot...count { system[row][column] -= factor * system[pivot][column] }
            }
        }
        return (0..<count).map { system[$0][count] / system[$0][$0] / lengths[$0] }
    }
}
