import Testing

@testable import glimpq

@Suite struct StoredLinesTests {
    /// Values of the reference implementation of XXH64 with seed 0.
    @Test(
        arguments: [
            ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
            ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
        ] as [(String, UInt64)])
    func hashes(_ text: String, _ hash: UInt64) {
        #expect(LineHash.of(Array(text.utf8)[...]) == hash)
        #expect(LineHash.of(Array(("x" + text).utf8).dropFirst()) == hash)
    }

    @Test func inOrderWithPartsThatFollow() {
        var lines = StoredLines(isEmpty: false)
        #expect(lines.meet(1) == .unknown)
        lines.continue(with: [1, 2])
        #expect(lines.meet(1) == .stored)
        #expect(lines.meet(7) == .unlike)  // a line that was refused then, and is again
        #expect(lines.meet(2) == .stored)
        #expect(lines.meet(3) == .unknown)
        lines.continue(with: nil)
        #expect(lines.meet(3) == .new)
        #expect(lines.meet(1) == .new)
    }

    @Test func inAnyOrderEachAsOftenAsItIsThere() {
        var lines = StoredLines(isEmpty: false)
        lines.continue(with: [5, 9, 5])
        #expect(lines.meet(9) == .unlike)
        lines.scatter(with: [1, 5])
        #expect(
            [9, 9, 5, 5, 5, 5, 1, 2].map { lines.meet($0) == .stored } == [
                true, false, true, true, true, false, true, false,
            ])
    }

    @Test func nothingIsStoredOfAnInputThatNobodyKnows() {
        var lines = StoredLines(isEmpty: true)
        #expect(lines.meet(1) == .new)
        #expect(lines.meet(1) == .new)
    }
}
