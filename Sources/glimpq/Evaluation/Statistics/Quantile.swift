/// Quantiles by linear interpolation between order statistics: type 7 of R. J. Hyndman and Y. Fan, "Sample quantiles in
/// statistical packages", Am. Statistician 50 (1996); what numpy and PostgreSQL's `percentile_cont` compute.
enum Quantile {
    /// A quantile of numbers in ascending order; not a number if there are none.
    static func of(sorted numbers: [Double], _ share: Double) -> Double {
        guard let last = numbers.last else { return .nan }
        let place = share * Double(numbers.count - 1)
        let below = Int(place)
        guard below + 1 < numbers.count else { return last }
        return numbers[below] + (place - Double(below)) * (numbers[below + 1] - numbers[below])
    }
}
