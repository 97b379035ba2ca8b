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

    /// Number of sequences with an open request.
    private(set) var activeCount = 0
    /// Number of times a sequence lost its blocks to another.
    private(set) var preemptions = 0

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

    var indices: Range<Int> { slots.indices }

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
        slots[slot].cached.releaseBlocks(blocks: &blocks)
        slots[slot] = SequenceSlot(id: nil, age: 0)
        freeSlots.append(slot)
        return open
    }

    /// Gives a sequence a request and the context that the request names.
    ///
    /// - Returns: Number of context tokens that need no computation.
    mutating func attach(
        _ request: ActiveRequest, context: [TokenID], firstToken: TokenID?, to slot: Int
    ) -> Int {
        precondition(slots[slot].active == nil, "one request per sequence at a time")
        var request = request
        let shared = slots[slot].cached.setContext(context, blocks: &blocks)
        request.didShare(shared)
        if let firstToken { slots[slot].cached.append(firstToken) }
        slots[slot].active = request
        activeCount += 1
        return shared
    }

    /// Looks for blocks that others have computed since the request came: of many jobs with one long prompt the first
    /// computes it, and the others follow.
    ///
    /// - Returns: Number of tokens found.
    mutating func sharePrefix(of slot: Int) -> Int {
        guard slots[slot].active != nil, slots[slot].cached.pending > blocks.blockTokens else { return 0 }
        let before = slots[slot].cached.computed
        slots[slot].cached.sharePrefix(blocks: &blocks)
        let found = slots[slot].cached.computed - before
        if found > 0 { slots[slot].active?.didShare(found) }
        return found
    }

    /// Takes a sequence's request away.
    mutating func detach(_ slot: Int) -> ActiveRequest? {
        guard let active = slots[slot].active else { return nil }
        slots[slot].active = nil
        activeCount -= 1
        return active
    }

    /// Changes a sequence's request where it lies; `nil` if it serves none.
    mutating func update<Result>(_ slot: Int, _ change: (inout ActiveRequest) -> Result) -> Result? {
        slots[slot].active?.update(change)
    }

    /// The slot that serves a request.
    func slot(serving request: UInt64) -> Int? { slots.firstIndex { $0.active?.id == request } }

    /// What a sequence has to compute; `nil` if it serves no request.
    func candidate(_ slot: Int) -> Scheduler.Candidate? {
        guard let isProbe = slots[slot].active?.isProbe else { return nil }
        return Scheduler.Candidate(
            slot: slot, isProbe: isProbe, pending: slots[slot].cached.pending, age: slots[slot].age)
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

    /// Notes that a sequence's next `count` tokens are in the cache.
    mutating func didCompute(_ count: Int, of slot: Int) {
        slots[slot].cached.didCompute(count, blocks: &blocks)
    }

    /// Finds blocks for a sequence's next `count` tokens, at the expense of idle or younger sequences if it must be.
    ///
    /// - Parameter admitted: Slots that already have a part in the same forward pass and keep their blocks.
    mutating func reserve(_ count: Int, for slot: Int, admitted: Set<Int>) -> Reservation {
        let age = slots[slot].age
        while !slots[slot].cached.reserve(count, blocks: &blocks) {
            if let victim = victim(for: slot, admitted: admitted) {
                slots[victim].cached.releaseBlocks(blocks: &blocks)
                preemptions += 1
                continue
            }
            let hasOlder = slots.contains { $0.id != nil && $0.age < age && !$0.cached.blockTable.isEmpty }
            if hasOlder || !admitted.isEmpty { return .wait }
            let size = blocks.blockTokens
            return .impossible(blocksNeeded: (slots[slot].cached.tokens.count + size - 1) / size)
        }
        return .granted
    }

    private func victim(for slot: Int, admitted: Set<Int>) -> Int? {
        let holders = slots.indices.lazy
            .filter { !slots[$0].cached.blockTable.isEmpty && !admitted.contains($0) }
            .map { Scheduler.Holder(slot: $0, isIdle: slots[$0].active == nil, age: slots[$0].age) }
        let requester = Scheduler.Holder(slot: slot, isIdle: false, age: slots[slot].age)
        return Scheduler.victim(among: holders, requester: requester)?.slot
    }
}
