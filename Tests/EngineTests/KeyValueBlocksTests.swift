import Generation
import Testing

@testable import Engine

@Suite struct KeyValueBlocksTests {
    @Test func aFullPoolGivesNothing() {
        var blocks = KeyValueBlocks(count: 2, blockTokens: 4)
        let first = blocks.allocate()
        #expect(first != nil && blocks.allocate() != nil)
        #expect(blocks.allocate() == nil)
        blocks.release(0, keeping: true)
        #expect(blocks.allocate() == 0)
    }

    @Test func sharedPrefixIsFoundAfterItsOwnerIsGone() {
        var blocks = KeyValueBlocks(count: 8, blockTokens: 4)
        var a = CachedSequence()
        #expect(a.setContext(Array(0..<10), blocks: &blocks) == 0)
        #expect(a.reserve(10, blocks: &blocks))
        a.didCompute(10, blocks: &blocks)
        a.releaseBlocks(keeping: 100, blocks: &blocks)
        #expect(blocks.reusableCount == 8)
        var b = CachedSequence()
        // Two full blocks; the token after them differs.
        #expect(b.setContext(Array(0..<9) + [99], blocks: &blocks) == 8)
        #expect(b.blockTable == [0, 1])
        var c = CachedSequence()
        #expect(c.setContext([1] + Array(1..<10), blocks: &blocks) == 0)
    }

    @Test func oneTokenIsAlwaysLeftToCompute() {
        var blocks = KeyValueBlocks(count: 8, blockTokens: 4)
        var a = CachedSequence()
        _ = a.setContext(Array(0..<8), blocks: &blocks)
        #expect(a.reserve(8, blocks: &blocks))
        a.didCompute(8, blocks: &blocks)
        var b = CachedSequence()
        #expect(b.setContext(Array(0..<8), blocks: &blocks) == 4)
        #expect(b.pending == 4)
        #expect(a.setContext(Array(0..<8), blocks: &blocks) == 7)
    }

    @Test func aSharedBlockIsNeverWrittenAgain() {
        var blocks = KeyValueBlocks(count: 8, blockTokens: 4)
        var a = CachedSequence()
        _ = a.setContext(Array(0..<8), blocks: &blocks)
        #expect(a.reserve(8, blocks: &blocks))
        a.didCompute(8, blocks: &blocks)
        var b = CachedSequence()
        #expect(b.setContext(Array(0..<9), blocks: &blocks) == 8)
        // Diverges inside the second block, which is registered.
        #expect(a.setContext([0, 1, 2, 3, 4, 5, 60, 70], blocks: &blocks) == 4)
        #expect(a.blockTable.count == 1)
        #expect(a.reserve(4, blocks: &blocks))
        #expect(a.blockTable[1] != 1)
    }

    @Test func aPartBlockIsKeptOnRollback() {
        var blocks = KeyValueBlocks(count: 8, blockTokens: 4)
        var a = CachedSequence()
        _ = a.setContext(Array(0..<7), blocks: &blocks)
        #expect(a.reserve(7, blocks: &blocks))
        a.didCompute(7, blocks: &blocks)
        #expect(a.setContext([0, 1, 2, 3, 4, 5, 60], blocks: &blocks) == 6)
        #expect(a.blockTable.count == 2)
    }

    @Test func evictionTakesTheTailOfAPrefixFirst() {
        var blocks = KeyValueBlocks(count: 3, blockTokens: 4)
        var a = CachedSequence()
        _ = a.setContext(Array(0..<12), blocks: &blocks)
        #expect(a.reserve(12, blocks: &blocks))
        a.didCompute(12, blocks: &blocks)
        a.releaseBlocks(keeping: 100, blocks: &blocks)
        #expect(blocks.allocate() == 2)
        var b = CachedSequence()
        #expect(b.setContext(Array(0..<12), blocks: &blocks) == 8)
    }

    @Test func spaceIsTakenWhereNothingIsLost() {
        var blocks = KeyValueBlocks(count: 6, blockTokens: 4)
        var a = CachedSequence()
        _ = a.setContext(Array(0..<17), blocks: &blocks)
        #expect(a.reserve(17, blocks: &blocks))
        a.didCompute(17, blocks: &blocks)
        #expect(a.blockTable == [0, 1, 2, 3, 4])
        // The first eight tokens are a prompt; the rest is the session's own.
        a.releaseBlocks(keeping: 8, blocks: &blocks)
        #expect((0..<6).compactMap { _ in blocks.allocate() } == [2, 3, 4, 5, 1, 0])
    }
}
