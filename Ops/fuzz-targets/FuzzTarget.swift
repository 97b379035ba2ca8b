/// A reader of foreign data together with what fuzzing it needs.
struct FuzzTarget: Sendable {
    /// The name on the command line.
    let name: String
    /// Longest input in bytes that is tried.
    var longestInput = 4096
    /// Well-formed inputs to begin with: mutations of these get past the first checks.
    let seeds: @Sendable () throws -> [[UInt8]]
    /// Words of the format, which mutations insert whole.
    var words: [String] = []
    /// Feeds one input to the reader. Traps if a promise of the reader is broken; errors are a reader's good right.
    let run: @Sendable ([UInt8]) -> Void

    /// All targets, in alphabetical order.
    static let all: [FuzzTarget] =
        [
            .checkpoint, .detokenizer, .encoding, .environment, .gguf, .jobLine, .jobLines, .modelPool, .prompt,
            .safetensors,
            .tokenizerFile, .tokenizerParts, .usualLine,
        ].sorted { $0.name < $1.name }
}

/// Stops the run: the input broke a promise. Unlike `precondition` it says what was seen.
func expect(_ holds: Bool, _ promise: @autoclosure () -> String) {
    if !holds { preconditionFailure(promise()) }
}

/// Parts of one input, between bytes of 0x1E (ASCII "record separator"), for readers of more than one text.
func parts(of input: [UInt8], count: Int) -> [ArraySlice<UInt8>] {
    var parts = input.split(separator: separator, maxSplits: count - 1, omittingEmptySubsequences: false)
    while parts.count < count { parts.append([]) }
    return parts
}

/// See ``parts(of:count:)``.
let separator: UInt8 = 0x1E
