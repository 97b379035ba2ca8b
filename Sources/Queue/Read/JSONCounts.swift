import FoundationEssentials

/// Counts by name as the server writes them: `{"token_budget": 3}`.
enum JSONCounts {
    static func parse(_ text: String) throws -> [String: Int] {
        try JSONDecoder().decode([String: Int].self, from: Data(text.utf8))
    }
}
