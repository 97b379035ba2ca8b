import Generation

/// Which blocks of the KV cache are free, who shares them, and what prefix they hold. Knows tokens and block numbers,
/// never tensors.
///
/// A full block is registered under the chain of tokens that led to it. When its last user lets go it stays, content
/// and all, in a queue of reusable blocks until its space is needed. A prefix is compared token by token, so a hash
/// collision cannot hand out a wrong block.
///
/// Order of reuse: first blocks whose content nobody will ask for, the latest released in front, since their memory is
/// still in the processor's caches; then blocks never used, which cost page faults and make the process larger; then
/// prefixes that others may share, least recently used first.
struct KeyValueBlocks {
    /// Tokens per block.
    let blockTokens: Int
    /// Number of blocks.
    let count: Int

    /// Identifies the content of a full block together with everything before it; 0 is the empty prefix.
    typealias ContentID = UInt64

    /// A full block's tokens and what comes before them.
    struct PrefixKey: Hashable {
        let parent: ContentID
        let tokens: [TokenID]
    }

    private struct Block {
        var users = 0
        var content: ContentID = 0  // 0: not registered
        var key: PrefixKey?
        // Links of the reusable queue; −1 ends it.
        var previous: Int32 = -1
        var next: Int32 = -1
    }

    private var blocks: [Block]
    private var index: [PrefixKey: (block: Int32, content: ContentID)] = [:]
    private var nextContent: ContentID = 1
    // Blocks without users, the first to be reused in front.
    private var reusableHead: Int32 = -1
    private var reusableTail: Int32 = -1

    /// Number of blocks that no sequence uses.
    private(set) var reusableCount = 0

    /// Creates an all-free pool.
    init(count: Int, blockTokens: Int) {
        precondition(count > 0 && blockTokens > 0)
        self.count = count
        self.blockTokens = blockTokens
        blocks = Array(repeating: Block(), count: count)
        for block in 0..<count { appendReusable(Int32(block)) }
    }

    /// Takes a block for new content, evicting the least recently used cached prefix if need be; `nil` if every block
    /// is in use.
    mutating func allocate() -> Int32? {
        guard reusableHead >= 0 else { return nil }
        let block = reusableHead
        removeReusable(block)
        forget(block)
        blocks[Int(block)].users = 1
        return block
    }

    /// Lets go of one use of a block. Registered content stays findable until the block is taken again.
    ///
    /// - Parameter keeping: Whether someone may ask for the content, so that its space is to be taken late.
    mutating func release(_ block: Int32, keeping: Bool) {
        let i = Int(block)
        precondition(blocks[i].users > 0, "block \(block) released more often than taken")
        blocks[i].users -= 1
        guard blocks[i].users == 0 else { return }
        if keeping && blocks[i].content != 0 { appendReusable(block) } else { prependReusable(block) }
    }

    /// Looks up the block that holds `tokens` after the prefix `parent` and takes a use of it.
    mutating func share(parent: ContentID, tokens: ArraySlice<TokenID>) -> (block: Int32, content: ContentID)? {
        guard let hit = index[PrefixKey(parent: parent, tokens: Array(tokens))] else { return nil }
        let i = Int(hit.block)
        if blocks[i].users == 0 { removeReusable(hit.block) }
        blocks[i].users += 1
        return hit
    }

    /// Registers a block whose last token has been computed, so that others can share it.
    ///
    /// - Returns: The content's name, which is the parent of the next block. If another block holds the same content
    ///   already, that one stays registered and this one remains private.
    mutating func register(_ block: Int32, parent: ContentID, tokens: ArraySlice<TokenID>) -> ContentID {
        let key = PrefixKey(parent: parent, tokens: Array(tokens))
        if let existing = index[key] { return existing.content }
        let content = nextContent
        nextContent += 1
        index[key] = (block, content)
        blocks[Int(block)].content = content
        blocks[Int(block)].key = key
        return content
    }

    /// Makes a block that holds content private again, so that its only user may write in it.
    ///
    /// - Returns: `false` if others use it too.
    mutating func reclaim(_ block: Int32) -> Bool {
        guard blocks[Int(block)].users == 1 else { return false }
        forget(block)
        return true
    }

    private mutating func forget(_ block: Int32) {
        let i = Int(block)
        if let key = blocks[i].key { index[key] = nil }
        blocks[i].key = nil
        blocks[i].content = 0
    }

    private mutating func appendReusable(_ block: Int32) {
        blocks[Int(block)].previous = reusableTail
        blocks[Int(block)].next = -1
        if reusableTail >= 0 { blocks[Int(reusableTail)].next = block } else { reusableHead = block }
        reusableTail = block
        reusableCount += 1
    }

    private mutating func prependReusable(_ block: Int32) {
        blocks[Int(block)].previous = -1
        blocks[Int(block)].next = reusableHead
        if reusableHead >= 0 { blocks[Int(reusableHead)].previous = block } else { reusableTail = block }
        reusableHead = block
        reusableCount += 1
    }

    private mutating func removeReusable(_ block: Int32) {
        let (previous, next) = (blocks[Int(block)].previous, blocks[Int(block)].next)
        if previous >= 0 { blocks[Int(previous)].next = next } else { reusableHead = next }
        if next >= 0 { blocks[Int(next)].previous = previous } else { reusableTail = previous }
        reusableCount -= 1
    }
}
