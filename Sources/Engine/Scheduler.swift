/// Decides which sequences a forward pass serves and with how many tokens. There are no phases: a probe, a decode and
/// a chunk of a prefill differ only in the number of tokens they feed and in how urgent they are.
struct Scheduler {
    /// Most tokens that one forward pass computes; bounds how long a prefill can delay a decode.
    var maximumRows: Int
    /// Most tokens of one sequence in one forward pass.
    var maximumChunk: Int
    /// Most rows beyond the first of each sequence whose distributions one forward pass gives: what they take in memory is
    /// bounded.
    var maximumExtraReads = Int.max

    /// A sequence with work to do.
    struct Candidate {
        /// Index of the sequence in the runner.
        var slot: Int
        /// Whether the request is a probe.
        var isProbe: Bool
        /// Tokens still to be computed; at least 1.
        var pending: Int
        /// Order of arrival of the sequence: smaller is older.
        var age: UInt64
        /// How many of the pending tokens, the last ones, give distributions that the request waits for; at least 1.
        var reads = 1
    }

    /// A sequence's part of a forward pass.
    struct Share: Equatable {
        /// Index of the sequence in the runner.
        var slot: Int
        /// Number of tokens to feed.
        var count: Int
        /// Whether these are the last pending tokens.
        var completes: Bool
        /// How many of them, the last ones, give distributions that the request waits for.
        var reads: Int

        init(slot: Int, count: Int, completes: Bool, reads: Int? = nil) {
            self.slot = slot
            self.count = count
            self.completes = completes
            self.reads = reads ?? (completes ? 1 : 0)
        }
    }

    /// Plans one forward pass: probes first, for they are cheap and unblock a session; then decodes; then prefill in
    /// order of age. A share that finds no memory takes no room from the others: else many waiting sequences could
    /// keep out the one that is able to go on.
    ///
    /// - Parameters:
    ///   - candidates: The sequences with work; reordered in place.
    ///   - shares: Receives shares that add up to at most ``maximumRows`` tokens, every share at least one.
    ///   - admit: Finds memory for a share, or says `false`.
    func plan(_ candidates: inout [Candidate], into shares: inout [Share], admit: (Share) -> Bool) {
        shares.removeAll(keepingCapacity: true)
        candidates.sort { a, b in
            let (x, y) = (Self.urgency(a), Self.urgency(b))
            return x != y ? x < y : a.age < b.age
        }
        var room = maximumRows, extraReads = maximumExtraReads
        for candidate in candidates {
            guard room > 0 else { return }
            let unread = candidate.pending - candidate.reads
            let count = min(candidate.pending, maximumChunk, room, unread + 1 + min(extraReads, candidate.reads))
            let share = Share(
                slot: candidate.slot, count: count, completes: count == candidate.pending,
                reads: max(0, count - unread))
            guard admit(share) else { continue }
            shares.append(share)
            room -= count
            extraReads -= max(0, share.reads - 1)
        }
    }

    /// A sequence that could give up its blocks.
    struct Holder {
        /// Index of the sequence in the runner.
        var slot: Int
        /// Whether it waits for its session rather than for the model.
        var isIdle: Bool
        /// Order of arrival: smaller is older.
        var age: UInt64
    }

    /// Chooses who gives up its blocks so that `requester` can go on: the youngest idle sequence, else the youngest
    /// one that is younger than the requester; `nil` if the requester has to wait. So the oldest sequence with a
    /// request always makes progress.
    static func victim(among holders: some Sequence<Holder>, requester: Holder) -> Holder? {
        holders
            .filter { $0.slot != requester.slot && ($0.isIdle || $0.age > requester.age) }
            .max { a, b in a.isIdle != b.isIdle ? b.isIdle : a.age < b.age }
    }

    private static func urgency(_ candidate: Candidate) -> Int {
        if candidate.isProbe { return 0 }
        // Decodes, verification of drafts included, compute nothing that is not read.
        return candidate.pending == candidate.reads ? 1 : 2
    }
}
