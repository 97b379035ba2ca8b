/// A record of comma-separated values, taken apart as RFC 4180 has it: fields may stand in double quotes, and then hold
/// commas, line breaks and, doubled, quotes.
struct CSVRecord {
    /// The fields without quotes.
    private(set) var fields: [[UInt8]] = []
    /// Why the bytes are no record.
    private(set) var fault: LineFault?

    /// Takes bytes apart.
    ///
    /// - Parameter bytes: The record without its line end.
    init(_ bytes: ArraySlice<UInt8>) {
        var place = bytes.startIndex
        while true {
            guard let next = field(bytes, from: place) else { return }
            if next == bytes.endIndex { return }
            place = next + 1
        }
    }

    /// Adds a field; gives back the place of the comma behind it or the end, `nil` if the record is not complete.
    private mutating func field(_ bytes: ArraySlice<UInt8>, from start: Int) -> Int? {
        guard start < bytes.endIndex, bytes[start] == UInt8(ascii: "\"") else {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: ",")) ?? bytes.endIndex
            let field = bytes[start..<end]
            if let quote = field.firstIndex(of: UInt8(ascii: "\"")) {
                let reason =
                    "column \(quote - bytes.startIndex + 1): a quote inside a field that does not begin with one"
                fault = LineFault(nil, reason)
                return nil
            }
            fields.append(Array(field))
            return end
        }
        var text: [UInt8] = []
        var place = start + 1
        while let quote = bytes[place...].firstIndex(of: UInt8(ascii: "\"")) {
            text += bytes[place..<quote]
            place = quote + 1
            if place == bytes.endIndex || bytes[place] == UInt8(ascii: ",") {
                fields.append(text)
                return place
            }
            guard bytes[place] == UInt8(ascii: "\"") else {
                let reason = "column \(place - bytes.startIndex + 1): expected a comma or the end behind a quoted field"
                fault = LineFault(nil, reason)
                return nil
            }
            text.append(UInt8(ascii: "\""))
            place += 1
        }
        fault = LineFault(nil, "a quote is not closed")
        return nil
    }
}
