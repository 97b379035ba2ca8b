/// The lines of an input that its batch has already, met again in order or, once the input turns out to have been
/// edited, in any order. Two equal lines count twice.
struct StoredLines {
    /// What is known of a line.
    enum Answer {
        /// It is stored; skip it.
        case stored
        /// It is not stored.
        case new
        /// The hashes at hand are used up: give the next with ``continue(with:)`` and ask again.
        case unknown
        /// The line is not the one that was stored at this place. If it makes a job, the input was edited: give all
        /// other hashes with ``scatter(with:)`` and ask again.
        case unlike
    }

    /// Hashes in the order of the input, still to be met.
    private var ahead: ArraySlice<UInt64> = []
    private var isAtEnd: Bool
    /// The same, sorted, once the order is lost; those that were met are gone from ``counts``.
    private var sorted: [UInt64]?
    /// How many of the hash at the same place in ``sorted`` are still to be met.
    private var counts: [UInt32] = []

    /// - Parameter isEmpty: Whether the batch has nothing of this input, as far as anybody wants to know.
    init(isEmpty: Bool) { isAtEnd = isEmpty }

    /// Gives the next hashes in order; `nil` if there are no more.
    mutating func `continue`(with hashes: [UInt64]?) {
        if let hashes { ahead = hashes[...] } else { isAtEnd = true }
    }

    /// Gives up the order.
    ///
    /// - Parameter rest: All hashes that have not been given yet.
    mutating func scatter(with rest: [UInt64]) {
        var unique: [UInt64] = []
        for hash in (Array(ahead) + rest).sorted() {
            if unique.last == hash {
                counts[counts.count - 1] += 1
            } else {
                unique.append(hash)
                counts.append(1)
            }
        }
        sorted = unique
        ahead = []
        isAtEnd = true
    }

    /// Whether a line is stored; each stored line is met once.
    mutating func meet(_ hash: UInt64) -> Answer {
        if let sorted {
            let place = Self.place(of: hash, in: sorted)
            guard place < sorted.count, sorted[place] == hash, counts[place] > 0 else { return .new }
            counts[place] -= 1
            return .stored
        }
        guard let first = ahead.first else { return isAtEnd ? .new : .unknown }
        guard first == hash else { return .unlike }
        ahead.removeFirst()
        return .stored
    }

    /// The first place that does not hold less.
    private static func place(of hash: UInt64, in sorted: [UInt64]) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
