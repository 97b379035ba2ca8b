import Decoder
import Generation

/// The sequences of one model and the KV blocks they hold. Knows no logits and no continuations' meaning; decides who
/// gives up blocks to whom.
struct SequenceStore {
    private(set) var blocks: KeyValueBlocks
    private var slots: [SequenceSlot] = []
    private var freeSlots: [Int] = []
    private var slotOf: [SequenceID: Int] = [:]
    private var nextAge: UInt64 = 0
    private var pass: UInt64 = 0
    private var passIsEmpty = true
    /// Blocks that begin a share of the current pass, so that of several sequences that need one only one computes it.
    private var beingComputed: Set<KeyValueBlocks.PrefixKey> = []

    /// The slots with an open request, in no order.
    private(set) var activeSlots: [Int] = []
    /// Number of times a sequence lost its blocks to another.
    private(set) var preemptions = 0
    /// Tokens of first contexts.
    private(set) var prefixLookups = 0
    /// Of these, tokens found in blocks of others.
    private(set) var prefixHits = 0
    /// Sequences that waited for room in the current pass.
    private(set) var waitingForRoom = 0
    private var admission = Admission()

    /// Creates a store without sequences.
    init(blocks: KeyValueBlocks) { self.blocks = blocks }

    /// Whether a share of a forward pass has its blocks.
    enum Reservation: Equatable {
        case granted
        /// Older sequences hold the blocks; try again in a later pass.
        case wait
        /// The sequence alone is larger than the cache.
        case impossible(blocksNeeded: Int)
    }

    /// The slot of a sequence, made if the name is new.
    mutating func open(_ id: SequenceID) -> Int {
        if let slot = slotOf[id] { return slot }
        let state = SequenceSlot(id: id, age: nextAge)
        nextAge += 1
        let slot = freeSlots.popLast() ?? slots.count
        if slot == slots.count { slots.append(state) } else { slots[slot] = state }
        slotOf[id] = slot
        return slot
    }

    /// Forgets a sequence and gives its blocks back.
    ///
    /// - Returns: The request it was serving, which nobody will answer any more.
    mutating func close(_ id: SequenceID) -> ActiveRequest? {
        guard let slot = slotOf.removeValue(forKey: id) else { return nil }
        let open = detach(slot)
        // What a session wrote itself nobody asks for again; its prompt may be another one's.
        admission.didClose(prompt: slots[slot].promptLength, tokens: slots[slot].cached.tokens.count)
        slots[slot].cached.releaseBlocks(keeping: slots[slot].promptLength, blocks: &blocks)
        slots[slot] = SequenceSlot(id: nil, age: 0)
        freeSlots.append(slot)
        return open
    }

    /// Gives a sequence a request, the context that the request names and what is known to come behind it.
    ///
    /// - Returns: Number of context tokens that need no computation.
    mutating func attach(_ request: consuming ActiveRequest, context: [TokenID], to slot: Int) -> Int {
        precondition(slots[slot].active == nil, "one request per sequence at a time")
        let shared = slots[slot].cached.setContext(
            context, ahead: request.ahead, reads: request.reads, blocks: &blocks)
        request.didShare(shared)
        slots[slot].isFirstRequest = slots[slot].promptLength == 0
        if slots[slot].isFirstRequest {
            slots[slot].promptLength = context.count
            prefixLookups += context.count
            prefixHits += shared
        }
        slots[slot].isProbe = request.isProbe
        slots[slot].contextCount = request.contextCount
        slots[slot].active = request
        slots[slot].activeIndex = activeSlots.count
        activeSlots.append(slot)
        return shared
    }

    /// Looks for blocks that others have computed since the request came: of many jobs with one long prompt the first
    /// computes it, and the others follow.
    ///
    /// - Returns: Number of tokens found.
    mutating func sharePrefix(of slot: Int) -> Int {
        guard slots[slot].cached.pending > blocks.blockTokens else { return 0 }
        let before = slots[slot].cached.computed
        slots[slot].cached.sharePrefix(blocks: &blocks)
        let found = slots[slot].cached.computed - before
        if found > 0 { slots[slot].active?.didShare(found) }
        if slots[slot].isFirstRequest { prefixHits += found }
        return found
    }

    /// Takes a sequence's request away.
    mutating func detach(_ slot: Int) -> ActiveRequest? {
        var request: ActiveRequest?
        swap(&request, &slots[slot].active)
        guard request != nil else { return nil }
        let index = slots[slot].activeIndex, last = activeSlots.removeLast()
        if last != slot {
            activeSlots[index] = last
            slots[last].activeIndex = index
        }
        return request
    }

    /// Changes a sequence's request where it lies; `nil` if it serves none.
    @discardableResult
    mutating func update<Result>(_ slot: Int, _ change: (inout ActiveRequest) -> Result) -> Result? {
        slots[slot].active?.update(change)
    }

    /// States what a sequence's request needs of the last `count` rows of a batch, which are the sequence's, and how
    /// tokens are drawn from them.
    mutating func appendDemands(
        of slot: Int, rows count: Int, to batch: inout ForwardBatch, draws: inout TokenDraws, heads: inout HeadRuns
    ) {
        for row in batch.rows - count..<batch.rows {
            batch.logitRows.append(Int32(row))
            // Where it lies: a request that is read through the optional is copied first.
            update(slot) { active in
                active.appendDemand(position: Int(batch.positions[row]), to: &batch, draws: &draws, heads: &heads)
            }
        }
    }

    /// The slot that serves a request.
    func slot(serving request: UInt64) -> Int? { activeSlots.first { slots[$0].active?.id == request } }

    /// Whether a sequence's request is a probe.
    func isProbe(_ slot: Int) -> Bool { slots[slot].isProbe }

    /// What a sequence with a request has to compute.
    func candidate(_ slot: Int) -> Scheduler.Candidate {
        Scheduler.Candidate(
            slot: slot, isProbe: slots[slot].isProbe, pending: slots[slot].cached.pending, age: slots[slot].age,
            reads: slots[slot].cached.pendingReads)
    }

    /// Begins a forward pass without parts.
    mutating func beginPass() {
        pass += 1
        passIsEmpty = true
        waitingForRoom = 0
        admission.beginPass()
        beingComputed.removeAll(keepingCapacity: true)
    }

    /// Appends the rows of a sequence's next `count` tokens to a batch, and its block table.
    func appendRows(_ count: Int, of slot: Int, to batch: inout ForwardBatch) {
        let sequence = Int32(batch.blockTableStarts.count - 1)
        let first = slots[slot].cached.computed
        for position in first..<first + count {
            batch.tokens.append(slots[slot].cached.tokens[position])
            batch.positions.append(Int32(position))
            batch.sequences.append(sequence)
        }
        batch.blockTables.append(contentsOf: slots[slot].cached.blockTable)
        batch.blockTableStarts.append(Int32(batch.blockTables.count))
    }

    /// Number of tokens that a sequence has still to compute.
    func pending(_ slot: Int) -> Int { slots[slot].cached.pending }

    /// Appends a token that is still to be computed.
    mutating func append(_ token: TokenID, to slot: Int) { slots[slot].cached.append(token) }

    /// Notes that the distribution that a sequence's request waited for next is known.
    mutating func didRead(_ slot: Int) { slots[slot].cached.didRead() }

    /// Notes that a sequence's next `count` tokens are in the cache, and charges its request.
    ///
    /// - Returns: How many of them belong to the context, generated ones that were computed again included.
    mutating func didCompute(_ count: Int, of slot: Int, nanoseconds: Int64) -> Int {
        let first = slots[slot].cached.computed
        slots[slot].cached.didCompute(count, blocks: &blocks)
        let ahead = first + count - max(first, slots[slot].cached.firstRead, slots[slot].contextCount)
        let prefilled = count - max(0, ahead)
        slots[slot].active?.didCompute(prefilled: prefilled, nanoseconds: nanoseconds)
        return prefilled
    }

    /// Finds blocks for a sequence's next `count` tokens, at the expense of idle or younger sequences if it must be.
    /// Sequences that have a part in the same forward pass keep theirs. Where the tokens begin with a block that
    /// another sequence computes in this pass, they wait for it.
    mutating func reserve(_ count: Int, for slot: Int) -> Reservation {
        let next = count > blocks.blockTokens ? slots[slot].cached.nextBlock(size: blocks.blockTokens) : nil
        if let next, beingComputed.contains(next) { return .wait }
        let age = slots[slot].age
        if !slots[slot].isAdmitted && !hasRoom(for: slot) {
            waitingForRoom += 1
            return .wait
        }
        while !slots[slot].cached.reserve(count, blocks: &blocks) {
            if let victim = victim(for: slot) {
                slots[victim].cached.releaseBlocks(keeping: .max, blocks: &blocks)
                slots[victim].isAdmitted = false
                preemptions += 1
                continue
            }
            let hasOlder = slots.contains { $0.id != nil && $0.age < age && !$0.cached.blockTable.isEmpty }
            if hasOlder || !passIsEmpty {
                waitingForRoom += 1
                return .wait
            }
            let size = blocks.blockTokens
            return .impossible(blocksNeeded: (slots[slot].cached.tokens.count + size - 1) / size)
        }
        if let next { beingComputed.insert(next) }
        slots[slot].isAdmitted = true
        slots[slot].pass = pass
        passIsEmpty = false
        return .granted
    }

    /// Whether a sequence that holds no blocks may take some. While others that hold theirs have work, it waits until
    /// what it will probably need is left beside what they will; without any such, it would wait for nobody.
    private mutating func hasRoom(for slot: Int) -> Bool {
        guard activeSlots.contains(where: { slots[$0].isAdmitted }) else { return true }
        if admission.committed == nil {
            admission.committed = slots.reduce(blocks.count - blocks.reusableCount) { sum, state in
                state.isAdmitted ? sum + blocksToCome(state) : sum
            }
        }
        return admission.admit(
            age: slots[slot].age, blocks: blocksToCome(slots[slot]), of: blocks.count)
    }

    private func blocksToCome(_ state: SequenceSlot) -> Int {
        let tokens = admission.expectedTokens(prompt: state.promptLength, tokens: state.cached.tokens.count)
        return max(0, (tokens + blocks.blockTokens - 1) / blocks.blockTokens - state.cached.blockTable.count)
    }

    private func victim(for slot: Int) -> Int? {
        let holders = slots.indices.lazy
            .filter { !slots[$0].cached.blockTable.isEmpty && slots[$0].pass != pass }
            .map { Scheduler.Holder(slot: $0, isIdle: slots[$0].active == nil, age: slots[$0].age) }
        let requester = Scheduler.Holder(slot: slot, isIdle: false, age: slots[slot].age)
        return Scheduler.victim(among: holders, requester: requester)?.slot
    }
}
