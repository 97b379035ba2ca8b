internal import Postgres

extension FinishedJob {
    /// The lists that `finish_v4` takes, one for each column and one element for each job.
    static func columns(_ jobs: [FinishedJob]) -> [any PostgresEncodable] {
        identities(jobs) + counts(jobs) + texts(jobs) + [jobs.map(\.stepsWritten), jobs.map(\.attemptTokens)]
    }

    /// How the statement names as many lists as there are.
    static let placeholders = (1...columns([]).count).map { "$\($0)" }.joined(separator: ", ")

    private static func identities(_ jobs: [FinishedJob]) -> [any PostgresEncodable] {
        [
            jobs.map(\.job), jobs.map(\.epoch), jobs.map(\.activeNanoseconds), jobs.map(\.slmParameters),
            jobs.map(\.llmParameters),
        ]
    }

    private static func counts(_ jobs: [FinishedJob]) -> [any PostgresEncodable] {
        [
            jobs.map(\.promptTokens), jobs.map(\.steps), jobs.map(\.llmSteps), jobs.map(\.slmTokens),
            jobs.map(\.llmTokens), jobs.map(\.slmDiscardedTokens), jobs.map(\.llmDiscardedTokens),
            jobs.map(\.probeTokens), jobs.map(\.slmPrefillTokens), jobs.map(\.llmPrefillTokens),
            jobs.map(\.traceRows), jobs.map(\.traceRowsDropped),
        ]
    }

    private static func texts(_ jobs: [FinishedJob]) -> [any PostgresEncodable] {
        [
            jobs.map(\.correct), jobs.map(\.finishReason), jobs.map(\.thinkingStop), jobs.map(\.strategyParams),
            jobs.map(\.pair), jobs.map(\.slmModel), jobs.map(\.llmModel), jobs.map(\.slmFingerprint),
            jobs.map(\.llmFingerprint), jobs.map(\.engineVersion), jobs.map(\.params), jobs.map(\.answer),
            jobs.map(\.output),
        ]
    }
}
