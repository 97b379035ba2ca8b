/// Byte strings and the ids they belong to: open addressing over one pool of bytes, no string per entry.
struct SpellingTable: Sendable {
    /// Ids below this bound; a file that names a larger one is refused before memory is spent on it.
    static let maximumID = 1 << 24

    /// All spellings end to end.
    private var pool: [UInt8] = []
    /// Start and end in `pool` of each id's spelling; equal where an id has none.
    private var ranges: [(start: Int32, end: Int32)] = []
    /// Ids by hash; −1 is free. The count is a power of two.
    private var slots: [Int32] = Array(repeating: -1, count: 64)
    private var used = 0

    /// One more than the largest id.
    var count: Int { ranges.count }

    /// The spelling of an id; empty if it has none.
    func spelling(of id: Int32) -> ArraySlice<UInt8> {
        guard id >= 0, Int(id) < ranges.count else { return [] }
        let range = ranges[Int(id)]
        return pool[Int(range.start)..<Int(range.end)]
    }

    /// The id of a spelling.
    func id(of spelling: ArraySlice<UInt8>) -> Int32? {
        let id = slots[slot(of: spelling)]
        return id < 0 ? nil : id
    }

    /// Adds an entry; `false` if the spelling or the id is taken, the spelling empty, or the pool full.
    mutating func insert(_ spelling: ArraySlice<UInt8>, id: Int) -> Bool {
        precondition((0..<Self.maximumID).contains(id))
        guard !spelling.isEmpty, pool.count + spelling.count <= Int(Int32.max) else { return false }
        if id >= ranges.count {
            ranges.append(contentsOf: repeatElement((start: 0, end: 0), count: id + 1 - ranges.count))
        }
        guard ranges[id].start == ranges[id].end else { return false }
        if used * 2 >= slots.count { grow() }
        let place = slot(of: spelling)
        guard slots[place] < 0 else { return false }
        ranges[id] = (Int32(pool.count), Int32(pool.count + spelling.count))
        pool.append(contentsOf: spelling)
        slots[place] = Int32(id)
        used += 1
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: -1, count: old.count * 2)
        for id in old where id >= 0 { slots[slot(of: spelling(of: id))] = id }
    }

    /// The slot that holds a spelling, or the free one where it belongs.
    private func slot(of spelling: ArraySlice<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
        for byte in spelling { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
        while slots[place] >= 0, self.spelling(of: slots[place]) != spelling { place = (place + 1) & mask }
        return place
    }
}
