/// Changes one value in a pool file and leaves everything else as it was written.
enum PoolFileEdit {
    /// The text with another default threshold for a pair.
    ///
    /// - Parameters:
    ///   - text: A pool file.
    ///   - path: Its name, for messages.
    /// - Throws: ``CommandFailure`` if it is no pool file or has no such pair.
    static func setting(defaultTau tau: Double, ofPair pair: String, in text: [UInt8], path: String) throws -> [UInt8] {
        let root: JSONNode
        do {
            root = try JSONReader.parse(text)
        } catch {
            throw CommandFailure(.environment, "\(path): not JSON: \(error)")
        }
        guard let node = root["pairs"]?[pair], case .object(let members) = node.value else {
            throw CommandFailure(
                .environment, "\(path): pairs.\(pair): expected the pair that was calibrated, got nothing of this name")
        }
        if let old = node["default_tau"] {
            return Array(text[..<old.range.lowerBound]) + Array("\(tau)".utf8) + Array(text[old.range.upperBound...])
        }
        // Before the first member, set as that is.
        let open = node.range.lowerBound + 1
        let space = text[open...].prefix { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let member = Array("\"default_tau\": \(tau)".utf8)
        let separator = members.isEmpty ? [] : [UInt8(ascii: ",")] + (space.isEmpty ? [0x20] : Array(space))
        return Array(text[..<open]) + Array(space) + member + separator + Array(text[(open + space.count)...])
    }
}
