/// The variants that no other one beats.
enum ParetoFront {
    /// Which points are on the front: no other point costs at most as much and yields at least as much, one of both
    /// strictly. A point that is not finite is not on it.
    static func contains(_ points: [(cost: Double, yield: Double)]) -> [Bool] {
        points.map { point in
            point.cost.isFinite && point.yield.isFinite
                && !points.contains { other in
                    other.cost <= point.cost && other.yield >= point.yield
                        && (other.cost < point.cost || other.yield > point.yield)
                }
        }
    }
}
