/// How a model is asked to grade the last step, where a pair has no words of its own. The words are ours; the scale and
/// what is asked for are SpecReason's (arXiv 2504.07891).
enum JudgeQuestion {
    /// The user's question.
    static let question = """
        Grade only the last step of the reasoning above. Is it true, and does it follow from the problem and from the \
        steps before it? Leave style and length out of account. 0 means surely wrong, 9 surely right.
        """
    /// The answer up to the score. The blank at its end makes the digit a token of its own, with tokenizers that split
    /// digits off and with those that join them with a blank.
    static let prefill = "The score of the last step from 0 to 9: "
}
