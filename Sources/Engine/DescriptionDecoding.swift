// How the entries of a pool file are read: strictly, with the range of every number.

private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// The members of an object that has no others than `keys` lists: a misspelt key must not pass in silence.
    func members<Key: CodingKey & CaseIterable>(_ keys: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let known = Set(keys.allCases.map(\.stringValue))
        let values = try container(keyedBy: AnyKey.self)
        for key in values.allKeys where !known.contains(key.stringValue) {
            throw values.fault(key, "unknown key; known are \(known.sorted().joined(separator: ", "))")
        }
        return try container(keyedBy: keys)
    }
}

extension KeyedDecodingContainer {
    /// What is wrong with a member.
    func fault(_ key: Key, _ reason: String) -> DecodingError {
        .dataCorruptedError(forKey: key, in: self, debugDescription: reason)
    }

    func decodeChoice<Choice: RawRepresentable<String> & CaseIterable>(_ key: Key) throws -> Choice? {
        guard let name = try decodeIfPresent(String.self, forKey: key) else { return nil }
        guard let choice = Choice(rawValue: name) else {
            let known = Choice.allCases.map(\.rawValue.debugDescription).joined(separator: " or ")
            throw fault(key, "expected \(known), got \(name.debugDescription)")
        }
        return choice
    }

    func decodePositive(_ key: Key, upTo most: Int) throws -> Int? {
        guard contains(key), try !decodeNil(forKey: key) else { return nil }
        guard let value = try? decode(Int.self, forKey: key) else {
            throw fault(key, "expected a whole number from 1 to \(most)")
        }
        guard value > 0, value <= most else {
            throw fault(key, "expected a whole number from 1 to \(most), got \(value)")
        }
        return value
    }

    /// A range written as `[least, most]`.
    func decodeRange(_ key: Key, in bounds: ClosedRange<Int>) throws -> ClosedRange<Int>? {
        guard let ends = try decodeIfPresent([Int].self, forKey: key) else { return nil }
        guard ends.count == 2, ends[0] <= ends[1], bounds.contains(ends[0]), bounds.contains(ends[1]) else {
            throw fault(key, "expected [least, most] within \(bounds.lowerBound) to \(bounds.upperBound), got \(ends)")
        }
        return ends[0]...ends[1]
    }

    /// A time in milliseconds, 0 or more.
    func decodeMilliseconds(_ key: Key, upTo most: Double) throws -> Duration? {
        guard let value = try decodeIfPresent(Double.self, forKey: key) else { return nil }
        guard value >= 0, value <= most else {
            throw fault(key, "expected milliseconds from 0 to \(most), got \(value)")
        }
        return .milliseconds(value)
    }
}
