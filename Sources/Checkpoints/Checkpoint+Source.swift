/// One weight file of a checkpoint, as far as it can be told apart without reading it.
public struct CheckpointSource: Sendable, Hashable, Codable {
    /// Name in its folder.
    public var name: String
    /// Length in bytes.
    public var byteCount: Int
    /// When the content was last changed, in nanoseconds since 1970.
    public var modified: Int
}

/// What tells weights apart that have the same shapes: the fingerprint does not look at them.
extension Checkpoint {
    /// The files that hold tensors in use, in the order of their paths.
    public var sources: [CheckpointSource] {
        let files = Dictionary(tensorsByRole.values.map { ($0.file.path, $0.file) }, uniquingKeysWith: { $1 })
        return files.sorted { $0.key < $1.key }.map { path, file in
            CheckpointSource(
                name: path.split(separator: "/").last.map(String.init) ?? path, byteCount: file.bytes.count,
                modified: file.modified)
        }
    }

    /// FNV-1a 64 over a few bytes from the middle of every tensor, in hexadecimal: differs between two trainings of one
    /// model, at the price of one page per tensor.
    public var sample: String {
        var fingerprint = Fingerprint()
        for tensor in allTensors {
            tensor.withUnsafeBytes { bytes in
                let middle = bytes.count / 2
                fingerprint.add(bytes[max(0, middle - 32)..<min(bytes.count, middle + 32)])
            }
            tensor.forget()
        }
        return fingerprint.text
    }

    /// What stands for the weights in records: ``fingerprint`` and ``sample`` together, 16 hexadecimal digits. Differs
    /// between two trainings of one model.
    public var weightsFingerprint: String { Self.digest(of: "\(fingerprint) \(sample)") }

    /// FNV-1a 64 of some bytes.
    public static func checksum(of bytes: [UInt8]) -> UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.add(bytes)
        return fingerprint.value
    }

    /// 16 hexadecimal digits that stand for a text, for use in file names.
    public static func digest(of text: String) -> String {
        var fingerprint = Fingerprint()
        fingerprint.add(text.utf8)
        return fingerprint.text
    }
}
