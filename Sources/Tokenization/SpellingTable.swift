#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Byte strings and the ids they belong to: open addressing over one pool of bytes, no string per entry.
struct SpellingTable: Sendable {
    /// Ids below this bound; a file that names a larger one is refused before memory is spent on it.
    static let maximumID = 1 << 24

    /// All spellings end to end.
    private var pool: [UInt8] = []
    /// Start and end in `pool` of each id's spelling; equal where an id has none.
    private var ranges: [(start: Int32, end: Int32)] = []
    /// Ids by hash. The count is a power of two, at least one and a half times that of the spellings: a smaller table
    /// misses the cache less often than its longer probes cost.
    private var slots: [Slot]
    private var used = 0

    /// A place of the hash table.
    private struct Slot {
        /// −1 is free.
        var id: Int32 = -1
        /// The upper half of the hash, compared before any byte is.
        var tag: UInt32 = 0
    }

    /// An empty table with room for `capacity` spellings; it grows beyond.
    init(capacity: Int) {
        var size = 64
        while size < capacity + capacity / 2 { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
    }

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
        let id = slots[slot(of: spelling, hash: Self.hash(spelling))].id
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
        if used + used / 2 >= slots.count { grow() }
        let hash = Self.hash(spelling)
        let place = slot(of: spelling, hash: hash)
        guard slots[place].id < 0 else { return false }
        ranges[id] = (Int32(pool.count), Int32(pool.count + spelling.count))
        pool.append(contentsOf: spelling)
        slots[place] = Slot(id: Int32(id), tag: UInt32(truncatingIfNeeded: hash >> 32))
        used += 1
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: old.count * 2)
        for slot in old where slot.id >= 0 {
            let spelling = self.spelling(of: slot.id)
            slots[self.slot(of: spelling, hash: Self.hash(spelling))] = slot
        }
    }

    /// The slot that holds a spelling, or the free one where it belongs.
    private func slot(of spelling: ArraySlice<UInt8>, hash: UInt64) -> Int {
        let mask = slots.count - 1
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        var place = Int(truncatingIfNeeded: hash) & mask
        while slots[place].id >= 0 {
            if slots[place].tag == tag, self.spelling(of: slots[place].id).isSame(as: spelling) { return place }
            place = (place + 1) & mask
        }
        return place
    }

    /// FNV-1a, its bits mixed once more.
    private static func hash(_ spelling: ArraySlice<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in spelling { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15
    }
}

extension ArraySlice<UInt8> {
    /// Whether both hold the same bytes; faster than `==`, which compares them one by one.
    fileprivate func isSame(as other: Self) -> Bool {
        count == other.count
            && withUnsafeBytes { ours in
                other.withUnsafeBytes { theirs in
                    guard let ours = ours.baseAddress, let theirs = theirs.baseAddress else { return true }
                    return memcmp(ours, theirs, count) == 0
                }
            }
    }
}
