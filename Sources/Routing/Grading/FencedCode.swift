/// Code between fences of three or more backticks.
enum FencedCode {
    /// The last block that is closed; else the last that is not (an answer cut at its limit); `nil` without any.
    static func last(in answer: String) -> String? {
        var closed: String?
        var open: [Substring]?
        var fence = 0
        for line in answer.split(separator: "\n", omittingEmptySubsequences: false) {
            let ticks = line.drop { $0 == " " }.prefix { $0 == "`" }.count
            if open != nil {
                let isEnd = ticks >= fence && line.allSatisfy { $0 == "`" || $0.isWhitespace }
                if isEnd {
                    closed = open?.joined(separator: "\n")
                    open = nil
                } else {
                    open?.append(line)
                }
            } else if ticks >= 3 {
                open = []
                fence = ticks
            }
        }
        return closed ?? open?.joined(separator: "\n")
    }
}
