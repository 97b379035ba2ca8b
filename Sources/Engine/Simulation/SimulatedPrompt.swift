import Generation

/// What a simulated model reads in a prompt: numbers, and directives for tests such as `[[simulate: crash]]`.
struct SimulatedPrompt {
    /// What a prompt can ask for, for tests.
    enum Misfortune: String, CaseIterable {
        /// The process dies as from a power cut.
        case crash
        /// The request fails as if a forward pass had given no number.
        case fail
        /// The request never ends, unless it is cancelled.
        case hang
    }

    /// A misfortune and the thinking step at which it strikes, from 0.
    struct Directive {
        var misfortune: Misfortune
        var step: Int
    }

    /// The sum of all whole numbers (runs of digits 0 to 9; signs mean nothing), modulo 2⁶⁴, directives left out.
    let sum: UInt64
    /// What is to happen; `nil` for ordinary prompts.
    let directive: Directive?
    /// A directive that makes no sense.
    let complaint: String?

    private static let opening = Array("[[simulate:".utf8)
    private static let closing = Array("]]".utf8)

    /// Reads tokens that are bytes.
    init(_ tokens: ArraySlice<TokenID>) {
        var bytes = tokens.map { UInt8(exactly: $0) ?? UInt8(ascii: " ") }[...]
        var sum: UInt64 = 0
        var number: UInt64 = 0
        var directive: Directive?
        var complaint: String?
        while let byte = bytes.first {
            if let text = Self.takeDirective(&bytes) {
                directive = directive ?? Self.directive(text)
                if directive == nil { complaint = complaint ?? Self.complaint(text) }
                sum &+= number
                number = 0
                continue
            }
            bytes.removeFirst()
            if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                number = number &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
            } else {
                sum &+= number
                number = 0
            }
        }
        self.sum = sum &+ number
        self.directive = directive
        self.complaint = complaint
    }

    private static func takeDirective(_ bytes: inout ArraySlice<UInt8>) -> String? {
        guard bytes.first == opening[0], bytes.starts(with: opening) else { return nil }
        var end = bytes.startIndex + opening.count
        while end < bytes.endIndex, !bytes[end...].starts(with: closing) { end += 1 }
        guard end < bytes.endIndex else { return nil }
        let text = String(decoding: bytes[(bytes.startIndex + opening.count)..<end], as: UTF8.self)
        bytes = bytes[(end + closing.count)...]
        return text
    }

    private static func directive(_ text: String) -> Directive? {
        let words = text.split(separator: " ")
        guard let misfortune = words.first.flatMap({ Misfortune(rawValue: String($0)) }), words.count <= 2 else {
            return nil
        }
        guard words.count == 2 else { return Directive(misfortune: misfortune, step: 0) }
        guard let step = Int(words[1]), step >= 0 else { return nil }
        return Directive(misfortune: misfortune, step: step)
    }

    private static func complaint(_ text: String) -> String {
        let known = Misfortune.allCases.map(\.rawValue).joined(separator: ", ")
        return "[[simulate:\(text)]] in the prompt: expected one of \(known), and perhaps the step at which it strikes"
    }
}
