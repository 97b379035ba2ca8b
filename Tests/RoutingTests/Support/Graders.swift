import Generation

@testable import Routing

/// What a judge thinks: of the text of the last step, the digit it would write next.
func grades(_ grade: @escaping @Sendable (_ step: String) -> Int) -> @Sendable (TokenID, ScriptedModel.Place) -> Double
{
    { token, place in
        guard let step = place.askedAbout else { return -3 }
        return token == place.vocabulary.token("\(grade(step))") ? -0.1 : -5
    }
}

extension ScriptedModel.Place {
    /// The last step before a follow-up question; `nil` without one.
    var askedAbout: String? {
        let parts = written.split(separator: "<ask>", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return nil }
        return parts[0].split(separator: "\n\n").last.map(String.init)
    }

    /// A follow-up question; `nil` without one.
    var question: String? {
        let parts = written.split(separator: "<ask>", omittingEmptySubsequences: false)
        return parts.count > 1 ? String(parts[1]) : nil
    }
}
