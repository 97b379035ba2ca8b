/// What somebody says about keeping packed weights.
public enum WeightCacheChoice: Sendable, Hashable {
    /// Nowhere: `false`.
    case off
    /// In the program's usual folder: `true`.
    case usual
    /// In a folder of one's own.
    case folder(String)
}

extension WeightCacheChoice: Decodable {
    /// Reads `false`, `true` or a folder's path.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let isOn = try? value.decode(Bool.self) {
            self = isOn ? .usual : .off
        } else if let folder = try? value.decode(String.self), !folder.isEmpty {
            self = .folder(folder)
        } else {
            throw DecodingError.dataCorruptedError(
                in: value, debugDescription: "expected a folder's path, true or false")
        }
    }
}
