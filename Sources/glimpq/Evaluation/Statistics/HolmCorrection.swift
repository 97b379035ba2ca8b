/// Keeps the chance of any false claim among several comparisons: S. Holm, "A simple sequentially rejective multiple
/// test procedure", Scand. J. Statist. 6 (1979).
enum HolmCorrection {
    /// Corrected p-values, in the order given: the least of p times the number of those not yet passed, never falling.
    static func adjusted(_ pValues: [Double]) -> [Double] {
        let order = pValues.indices.sorted { pValues[$0] < pValues[$1] }
        var result = pValues
        var highest = 0.0
        for (rank, index) in order.enumerated() {
            highest = max(highest, min(1, pValues[index] * Double(pValues.count - rank)))
            result[index] = highest
        }
        return result
    }
}
