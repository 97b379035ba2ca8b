import Testing

@testable import Decoder

@Suite struct WorkDivisionTests {
    static let limits = WorkDivision.Limits(smallWeights: 1000, smallWork: 100, chunksPerThread: 1)

    static func divide(_ costs: [Int], starts: [Int], weights: Int = 1000, threads: Int = 2) -> WorkDivision {
        WorkDivision(rowCosts: costs, sequenceStarts: starts, weightBytes: weights, threads: threads, limits: limits)
    }

    @Test func littleWorkStaysWithTheCaller() {
        let division = Self.divide([49, 50], starts: [0, 1])
        #expect(division.members == 1)
        #expect(division.rowBounds == [0, 2])
    }

    @Test func oneThreadTakesAll() {
        #expect(Self.divide([500, 500], starts: [0, 1], threads: 1).members == 1)
    }

    @Test func largeWeightsAreReadOnce() {
        #expect(Self.divide([500], starts: [0], weights: 1001).kind == .outputs)
    }

    @Test func sequencesStayWhole() {
        let division = Self.divide([100, 100, 100, 100], starts: [0, 1, 2, 3])
        #expect(division.kind == .rows)
        #expect(division.rowBounds == [0, 2, 4])
    }

    @Test func chunksAreNotTooSmall() {
        let limits = WorkDivision.Limits(smallWeights: 1000, smallWork: 100, chunksPerThread: 4)
        func chunks(_ sequences: Int) -> Int {
            WorkDivision(
                rowCosts: Array(repeating: 10, count: sequences), sequenceStarts: Array(0..<sequences), weightBytes: 1,
                threads: 2,
                limits: limits
            ).rowBounds.count - 1
        }
        #expect(chunks(10) == 2)
        #expect(chunks(20) == 4)
        #expect(chunks(200) == 8)
    }

    @Test func aLongPrefillIsShared() {
        let division = Self.divide([100, 100, 100, 100, 100, 100], starts: [0, 1])
        #expect(division.kind == .rowsJoined)
        #expect(division.rowBounds == [0, 3, 6])
    }

    @Test func moreThreadsThanRows() {
        let division = Self.divide([100, 100], starts: [0, 1], threads: 4)
        #expect(division.rowBounds.count == 5)
        #expect(division.rowBounds.first == 0)
        #expect(division.rowBounds.last == 2)
        #expect(division.rowBounds == division.rowBounds.sorted())
    }
}
