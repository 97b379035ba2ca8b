/// The state of queues, batches and workers at one moment.
struct StatusReport {
    /// Jobs of a queue.
    struct Queue {
        var name: String
        var isPaused: Bool
        var ready: Int
        /// Whether ``ready`` is an estimate.
        var isAbout = false
        var delayed: Int
        var held: Int
        var running: Int
        /// Age of the oldest ready job in seconds.
        var oldestSeconds: Double?
        /// Jobs done per minute of late.
        var perMinute = 0.0

        /// Time until nothing is ready at that pace, in seconds.
        var secondsToGo: Double? {
            let open = ready + running
            return perMinute > 0 && open > 0 && !isPaused ? Double(open) / perMinute * 60 : nil
        }
    }

    /// A batch.
    struct Batch {
        var name: String
        var total: Int
        var done: Int
        var failed: Int
        var cancelled: Int
        var running: Int
        /// Jobs finished per minute of late.
        var perMinute: Double
        /// Time to go in seconds at that pace; `nil` if there is none.
        var secondsToGo: Double?
        /// Share of correct answers among graded ones: of all, or of late in a large batch.
        var accuracy: Double?

        /// Jobs that are not finished.
        var open: Int { total - done - failed - cancelled }
    }

    /// A worker process.
    struct Worker {
        var id: Int64
        /// `live`, `draining`, `expired` (its lease has run out) or `lost`.
        var state: String
        var place: String
        var version: String
        /// Which server functions it calls; `nil` where the database does not say.
        var `protocol`: Int?
        var inFlight: Int
        var capacity: Int
        /// Time since its last sign of life in seconds, by the server's clock.
        var beatSeconds: Double
        /// Tokens that its models generate per second; `nil` until two looks can be compared.
        var tokensPerSecond: Double?
    }

    /// What was done of late.
    struct Work {
        /// The time that it covers, in seconds.
        var seconds: Double
        var done: Int
        var tokens: Int
        /// The large model's share of tokens; `nil` without any.
        var llmTokenShare: Double?
        /// The large model's share of thinking steps; `nil` without any.
        var llmStepShare: Double?

        /// Jobs done per second.
        var perSecond: Double { seconds > 0 ? Double(done) / seconds : 0 }
    }

    /// Jobs that went wrong of late.
    struct Fault {
        /// Class of the error.
        var errorClass: String
        /// `failed`, `quarantined` or `cancelled`; `delayed` if it will be tried again.
        var state: String
        var jobs: Int
    }

    var queues: [Queue]
    var batches: [Batch]
    var workers: [Worker]
    /// What hinders jobs that could run.
    var warnings: [String]
    var work: Work?
    var faults: [Fault] = []
    /// Jobs inserted per second; `nil` until two looks can be compared.
    var insertedPerSecond: Double?
    /// Share of the tokens drafted in speculative decoding that was kept; `nil` without any.
    var draftAcceptance: Double?

    /// For people, however long it gets.
    func text(_ palette: Palette) -> String {
        sections(palette).map { ($0.head + $0.rows).joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }
}
