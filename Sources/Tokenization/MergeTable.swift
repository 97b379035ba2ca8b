/// The merges of byte-pair encoding, keyed by ids: open addressing, no string per entry.
struct MergeTable: Sendable {
    /// What a pair of tokens becomes.
    struct Merge: Sendable, Equatable {
        /// Position in the list of merges; the lowest goes first.
        var rank: Int32
        /// The token that takes the place of the pair.
        var result: Int32
    }

    /// Ranks are below this bound: they and a place in a word share 64 bits.
    static let maximumRank = 1 << 24

    /// No pair of ids has this key, as ids are below 2²⁴.
    private static let free = UInt64.max

    private var keys: [UInt64]
    private var merges: [Merge]

    /// An empty table with room for `capacity` pairs.
    init(capacity: Int) {
        var size = 64
        while size < capacity * 2 { size *= 2 }
        keys = Array(repeating: Self.free, count: size)
        merges = Array(repeating: Merge(rank: 0, result: 0), count: size)
    }

    /// Adds a pair or replaces its merge. At most `capacity` distinct pairs may be added.
    mutating func insert(left: Int32, right: Int32, _ merge: Merge) {
        let key = Self.key(left, right)
        let place = slot(of: key)
        keys[place] = key
        merges[place] = merge
    }

    /// What a pair becomes; `nil` if it does not merge.
    func merge(left: Int32, right: Int32) -> Merge? {
        let key = Self.key(left, right)
        let place = slot(of: key)
        return keys[place] == key ? merges[place] : nil
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    private func slot(of key: UInt64) -> Int {
        let mask = keys.count - 1
        var place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while keys[place] != Self.free, keys[place] != key { place = (place + 1) & mask }
        return place
    }
}
