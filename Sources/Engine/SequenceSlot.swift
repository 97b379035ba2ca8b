import Generation

/// One sequence in a model runner; without an id the slot is free.
struct SequenceSlot {
    var id: SequenceID?
    /// Order of arrival: smaller is older.
    var age: UInt64
    var cached = CachedSequence()
    var active: ActiveRequest?
    /// Whether the request is a probe; beside the request, so that planning does not touch it.
    var isProbe = false
    /// Tokens before what the request asks for; beside it for the same reason.
    var contextCount = 0
    /// Where the slot stands among those with a request.
    var activeIndex = 0
    /// Length of the first context: what other sequences may begin with too.
    var promptLength = 0
    /// Whether the first request is being served: only its context can be another one's too.
    var isFirstRequest = false
    /// Whether the sequence was let into the KV cache and has not lost its blocks since.
    var isAdmitted = false
    /// The latest pass that the sequence has a part in.
    var pass: UInt64 = 0
}
