import ArgumentParser

/// Forms in which results are exported.
enum ResultFormat: String, CaseIterable, ExpressibleByArgument {
    /// One object per line with everything that is known of a job.
    case jsonl
    /// The same as columns.
    case csv
    /// Output lines of an OpenAI batch.
    case openai
}

/// Which jobs go into a file.
enum ResultSelection {
    /// Jobs with a result.
    case done
    /// Jobs that ended without one.
    case ended
}
