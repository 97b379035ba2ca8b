// How the entries of a pool file are read: strictly, with the range of every number.

private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// Throws if the object has a key that `keys` does not list: a misspelt key must not pass in silence.
    func refuseUnknownKeys<Key: CodingKey & CaseIterable>(_ keys: Key.Type) throws {
        let known = Set(keys.allCases.map(\.stringValue))
        let values = try container(keyedBy: AnyKey.self)
        for key in values.allKeys where !known.contains(key.stringValue) {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: values,
                debugDescription: "unknown key; known are \(known.sorted().joined(separator: ", "))")
        }
    }
}

extension KeyedDecodingContainer {
    func decodeChoice<Choice: RawRepresentable<String> & CaseIterable>(_ key: Key) throws -> Choice? {
        guard let name = try decodeIfPresent(String.self, forKey: key) else { return nil }
        guard let choice = Choice(rawValue: name) else {
            let known = Choice.allCases.map(\.rawValue.debugDescription).joined(separator: " or ")
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "expected \(known), got \(name.debugDescription)")
        }
        return choice
    }

    func decodePositive(_ key: Key, upTo most: Int) throws -> Int? {
        guard contains(key), try !decodeNil(forKey: key) else { return nil }
        guard let value = try? decode(Int.self, forKey: key) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "expected a whole number from 1 to \(most)")
        }
        guard value > 0, value <= most else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "expected a whole number from 1 to \(most), got \(value)")
        }
        return value
    }

    /// A range written as `[least, most]`.
    func decodeRange(_ key: Key, in bounds: ClosedRange<Int>) throws -> ClosedRange<Int>? {
        guard let ends = try decodeIfPresent([Int].self, forKey: key) else { return nil }
        guard ends.count == 2, ends[0] <= ends[1], bounds.contains(ends[0]), bounds.contains(ends[1]) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self,
                debugDescription:
                    "expected [least, most] within \(bounds.lowerBound) to \(bounds.upperBound), got \(ends)")
        }
        return ends[0]...ends[1]
    }

    /// A time in milliseconds, 0 or more.
    func decodeMilliseconds(_ key: Key, upTo most: Double) throws -> Duration? {
        guard let value = try decodeIfPresent(Double.self, forKey: key) else { return nil }
        guard value >= 0, value <= most else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "expected milliseconds from 0 to \(most), got \(value)")
        }
        return .milliseconds(value)
    }
}
