/// How the large model is asked to choose among drafts of the next step. The words are ours: SpecCoT's are not known.
enum ChoiceQuestion {
    /// The letter that stands for none of the drafts; never that of a draft.
    static let none: Character = "N"
    /// The answer up to the letter.
    static let prefill = "The letter of the best next step: "

    /// The letter of a draft.
    static func letter(_ number: Int) -> Character { Character(Unicode.Scalar(UInt8(ascii: "A") + UInt8(number))) }

    /// The question with the drafts in it.
    static func question(_ drafts: [String]) -> String {
        let listed = drafts.enumerated().map { "\(letter($0.offset)). \($0.element.trimmed())" }
        return """
            Here are proposals for the next step of the reasoning above:

            \(listed.joined(separator: "\n\n"))

            Which one is right and leads on? Reply with its letter, or with \(none) if none of them is right.
            """
    }
}
