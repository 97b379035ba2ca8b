/// Where a JSON document is wrong, for files that somebody writes by hand.
public enum StrictJSON {
    /// The first breach of RFC 8259, a repeated key included: its byte and what is wrong there; nil if there is none.
    public static func firstFault(in bytes: [UInt8]) -> (offset: Int, reason: String)? {
        bytes.withUnsafeBytes { bytes in
            do throws(JSONParser.Failure) {
                _ = try JSONParser.parse(bytes)
                return nil
            } catch {
                return (error.offset, error.reason)
            }
        }
    }
}
