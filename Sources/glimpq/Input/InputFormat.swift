import ArgumentParser

/// Forms in which jobs are read.
enum InputFormat: String, CaseIterable, ExpressibleByArgument {
    /// One JSON object per line: our form, that of OpenAI batches, or lines of a reject file.
    case jsonl
    /// Comma-separated values under a row of our keys.
    case csv
    /// One JSON object per line, in the form of OpenAI batches only.
    case openai

    /// What the ending of a file's name says.
    init(path: String) {
        var name = path[...]
        if name.hasSuffix(".gz") { name = name.dropLast(3) }
        self = name.hasSuffix(".csv") ? .csv : .jsonl
    }
}
