import Testing

@testable import Queue

@Suite struct ClaimStartTests {
    private let begin = ContinuousClock.now

    private func job(_ id: Int64, _ priority: Int = 0, _ queue: String = "default") -> ClaimStart.Bound {
        ClaimStart.Bound(queue: queue, priority: priority, firstID: id)
    }

    @Test func theNextClaimBeginsAtTheOldestJobOfTheLast() {
        var start = ClaimStart()
        #expect(start.bounds(at: begin).isEmpty)
        start.answered([job(9), job(7), job(3, 5), job(8, 0, "night")], of: 4, bounds: [], at: begin)
        #expect(start.bounds(at: begin) == [job(3, 5), job(7), job(8, 0, "night")])
    }

    @Test func aPriorityOfWhichNothingCameKeepsItsBound() {
        var start = ClaimStart()
        start.answered([job(3, 5), job(7)], of: 2, bounds: [], at: begin)
        start.answered([job(9), job(11)], of: 2, bounds: start.bounds(at: begin), at: begin)
        #expect(start.bounds(at: begin) == [job(3, 5), job(9)])
    }

    /// A bound may even go back: what counts is where the last claim found jobs.
    @Test func aJobBeforeTheBoundMovesItBack() {
        var start = ClaimStart()
        start.answered([job(50)], of: 1, bounds: [], at: begin)
        start.answered([job(4)], of: 1, bounds: [], at: begin + .seconds(10))
        #expect(start.bounds(at: begin + .seconds(10)) == [job(4)])
    }

    @Test func nothingIsBelievedForLongerThanItsLifetime() {
        var start = ClaimStart(lifetime: .seconds(10))
        start.answered([job(1)], of: 1, bounds: [], at: begin)
        // Claims with bounds do not prolong what the last full look saw.
        for second in 1...9 {
            let now = begin + .seconds(second)
            let bounds = start.bounds(at: now)
            #expect(bounds == [job(Int64(second))])
            start.answered([job(Int64(second + 1))], of: 1, bounds: bounds, at: now)
        }
        #expect(start.bounds(at: begin + .seconds(10)).isEmpty)
        start.answered([job(2)], of: 1, bounds: [], at: begin + .seconds(10))
        #expect(start.bounds(at: begin + .seconds(19)) == [job(2)])
    }

    @Test(arguments: [0, 1, 2])
    func aShortAnswerEndsIt(count: Int) {
        var start = ClaimStart()
        start.answered([job(1), job(2), job(3)], of: 3, bounds: [], at: begin)
        let bounds = start.bounds(at: begin)
        #expect(!bounds.isEmpty)
        start.answered(Array([job(4), job(5)].prefix(count)), of: 3, bounds: bounds, at: begin)
        #expect(start.bounds(at: begin).isEmpty)
    }

    @Test func tooManyPrioritiesAreNotWorthRemembering() {
        var start = ClaimStart()
        let many = (0...ClaimStart.capacity).map { job(Int64($0), $0) }
        start.answered(many, of: many.count, bounds: [], at: begin)
        #expect(start.bounds(at: begin).isEmpty)
    }
}
