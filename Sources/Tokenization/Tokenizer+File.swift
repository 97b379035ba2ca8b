public import FoundationEssentials

extension Tokenizer {
    /// Reads a `tokenizer.json` from disk.
    ///
    /// - Throws: ``TokenizerError``.
    public convenience init(contentsOf url: URL) throws {
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            throw TokenizerError.unreadable(path: url.path, reason: "no such file")
        } catch {
            throw TokenizerError.unreadable(path: url.path, reason: "\(error)")
        }
        try self.init(tokenizerJSON: Array(data), source: url.path)
    }
}
