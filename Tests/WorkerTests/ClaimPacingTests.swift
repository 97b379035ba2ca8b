import Testing

@testable import Worker

@Suite struct ClaimPacingTests {
    @Test func asksOnlyWhenAnEighthIsFree() {
        let pacing = ClaimPacing(slots: 64, delay: .seconds(1) ... .seconds(4))
        #expect(pacing.request(free: 7) == nil)
        #expect(pacing.request(free: 8) == 8)
        #expect(ClaimPacing(slots: 1, delay: .seconds(1) ... .seconds(4)).request(free: 1) == 1)
        #expect(ClaimPacing(slots: 4, delay: .seconds(1) ... .seconds(4)).request(free: 0) == nil)
    }

    @Test func waitsLongerAndLongerWhileThereIsNothing() {
        var pacing = ClaimPacing(slots: 8, delay: .seconds(1) ... .seconds(4))
        #expect(pacing.answered(requested: 8, received: 8, jitter: 0.5) == .zero)
        let waits = (0..<4).map { _ in pacing.answered(requested: 8, received: 0, jitter: 0.5) }
        #expect(waits == [.seconds(1), .seconds(2), .seconds(4), .seconds(4)])
        #expect(pacing.answered(requested: 8, received: 3, jitter: 0.5) == .seconds(1))
        #expect(pacing.answered(requested: 8, received: 0, jitter: 0.5) == .seconds(2))
    }
}
