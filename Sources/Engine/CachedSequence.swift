import Generation

/// What a model's KV cache holds for one sequence: the tokens, how many of them are computed, and where.
struct CachedSequence {
    /// The tokens of the context, those not yet computed included.
    private(set) var tokens: [TokenID] = []
    /// Number of leading tokens whose keys and values are in the cache.
    private(set) var computed = 0
    /// Physical block of each 16 (``KeyValueBlocks/blockTokens``) tokens.
    private(set) var blockTable: [Int32] = []
    /// The first token whose distribution somebody waits for: it and all behind it have to be computed.
    private(set) var firstRead = 0
    /// Content names of the full computed blocks, for finding and registering prefixes.
    private var contents: [KeyValueBlocks.ContentID] = []

    /// Number of tokens still to be computed.
    var pending: Int { tokens.count - computed }

    /// Number of pending tokens whose distributions somebody waits for.
    var pendingReads: Int { tokens.count - max(computed, firstRead) }

    /// Makes `context` and `ahead` the sequence's tokens. What the cache holds of them stays; the rest is dropped, and the
    /// tokens that are to be read are left to compute, since only a computed token gives logits.
    ///
    /// - Parameters:
    ///   - ahead: Tokens behind the context: one that was drawn already, or a draft.
    ///   - reads: Number of tokens at the end of all these whose distributions are asked for; at least 1.
    /// - Returns: Number of tokens that need no computation, shared prefixes included.
    mutating func setContext(
        _ context: [TokenID], ahead: some Collection<TokenID> = EmptyCollection(), reads: Int = 1,
        blocks: inout KeyValueBlocks
    ) -> Int {
        precondition(!context.isEmpty && reads > 0 && reads <= context.count + ahead.count)
        firstRead = context.count + ahead.count - reads
        var common = 0
        let limit = min(computed, firstRead, context.count)
        while common < limit && tokens[common] == context[common] { common += 1 }
        truncate(to: common, keeping: 0, blocks: &blocks)
        // Written over in place: as another name for the caller's array it would be copied with the first token.
        tokens.replaceSubrange(computed..., with: context[computed...])
        tokens.append(contentsOf: ahead)
        sharePrefix(blocks: &blocks)
        return computed
    }

    /// Notes that the distribution behind the first token to be read is known.
    mutating func didRead() { firstRead += 1 }

    /// Appends one token that is still to be computed.
    mutating func append(_ token: TokenID) { tokens.append(token) }

    /// Takes blocks so that the next `count` pending tokens have room.
    ///
    /// - Returns: `false` if the pool ran out; blocks taken so far stay with the sequence.
    mutating func reserve(_ count: Int, blocks: inout KeyValueBlocks) -> Bool {
        let needed = (computed + count + blocks.blockTokens - 1) / blocks.blockTokens
        while blockTable.count < needed {
            guard let block = blocks.allocate() else { return false }
            blockTable.append(block)
        }
        return true
    }

    /// Notes that the next `count` pending tokens are computed and offers full blocks for sharing.
    mutating func didCompute(_ count: Int, blocks: inout KeyValueBlocks) {
        computed += count
        let size = blocks.blockTokens
        while (contents.count + 1) * size <= computed {
            let i = contents.count
            contents.append(
                blocks.register(
                    blockTable[i], parent: contents.last ?? 0, tokens: tokens[i * size..<(i + 1) * size]))
        }
    }

    /// Gives all blocks back; the tokens stay and must be computed anew.
    ///
    /// - Parameter keeping: Number of leading tokens that someone may ask for again.
    mutating func releaseBlocks(keeping: Int, blocks: inout KeyValueBlocks) {
        truncate(to: 0, keeping: keeping, blocks: &blocks)
    }

    /// The full block that is computed next, if there is one: others may be about to compute the same.
    func nextBlock(size: Int) -> KeyValueBlocks.PrefixKey? {
        guard computed == contents.count * size, computed + size <= firstRead else { return nil }
        return KeyValueBlocks.PrefixKey(parent: contents.last ?? 0, tokens: Array(tokens[computed..<computed + size]))
    }

    /// Finds blocks of other sequences, or of this one's past, that hold the next tokens.
    mutating func sharePrefix(blocks: inout KeyValueBlocks) {
        let size = blocks.blockTokens
        guard computed == contents.count * size else { return }  // inside a block: go on computing it
        while computed + size <= firstRead {
            guard
                let hit = blocks.share(
                    parent: contents.last ?? 0, tokens: tokens[computed..<computed + size])
            else { return }
            // Blocks reserved ahead for this place are not needed.
            if blockTable.count > contents.count {
                blocks.release(blockTable[contents.count], keeping: false)
                blockTable[contents.count] = hit.block
            } else {
                blockTable.append(hit.block)
            }
            contents.append(hit.content)
            computed += size
        }
    }

    private mutating func truncate(to length: Int, keeping: Int, blocks: inout KeyValueBlocks) {
        let size = blocks.blockTokens
        var kept = min(length, computed)
        // A block that others use must not be written again: fall back to its start.
        let last = kept / size
        if kept % size != 0 && last < contents.count && !blocks.reclaim(blockTable[last]) { kept = last * size }
        let keptBlocks = (kept + size - 1) / size
        // Released back to front, so that the head of the prefix is evicted last.
        while blockTable.count > keptBlocks {
            let start = (blockTable.count - 1) * size
            blocks.release(blockTable.removeLast(), keeping: start < keeping)
        }
        contents.removeLast(max(0, contents.count - kept / size))
        computed = kept
    }
}
