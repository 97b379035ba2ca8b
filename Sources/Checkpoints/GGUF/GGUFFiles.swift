/// The GGUF file or files of one checkpoint: a single one, or all parts of a split one.
struct GGUFFiles: Sendable {
    /// The mapped files in the order of the parts; the first one holds the metadata.
    let files: [GGUFFile]
    /// All tensors by name.
    let tensors: [String: CheckpointTensor]
    /// Tensors in formats that we do not read.
    var unread: [GGUFFile.UnreadTensor] { files.flatMap(\.unread) }
    /// The metadata of the model.
    var metadata: GGUFMetadata { files[0].metadata }

    private static let partCountKey = "split.count", partKey = "split.no"

    /// Opens a file; of a split file, any part names the whole. Throws `CheckpointError`.
    init(path: String) throws {
        let file = try GGUFFile(path: path)
        let count = try file.metadata.integer(Self.partCountKey, in: 0...65535) ?? 0
        guard count > 1 else {
            files = [file]
            tensors = file.tensors
            return
        }
        guard let name = GGUFPartName(path: path), name.count == count else {
            throw file.metadata.malformed(
                Self.partCountKey, "expected a file name that ends in -00001-of-\(GGUFPartName.digits(count)).gguf")
        }
        files = try (1...count).map { part in try part == name.part ? file : GGUFFile(path: name.path(ofPart: part)) }
        var tensors: [String: CheckpointTensor] = [:]
        for (index, file) in files.enumerated() {
            try Self.check(file, part: index, of: count)
            for (name, tensor) in file.tensors where tensors.updateValue(tensor, forKey: name) != nil {
                throw CheckpointError.malformed(
                    file: file.file.path, place: "tensor '\(name)'", reason: "another part of the split file has it too"
                )
            }
        }
        self.tensors = tensors
    }

    private static func check(_ file: GGUFFile, part: Int, of count: Int) throws {
        let itsCount = try file.metadata.integer(partCountKey, in: 0...65535) ?? 0
        guard itsCount == count else {
            throw file.metadata.malformed(partCountKey, "expected \(count) as in the other parts, got \(itsCount)")
        }
        let number = try file.metadata.requiredInteger(partKey, in: 0...65535)
        guard number == part else { throw file.metadata.malformed(partKey, "expected \(part), got \(number)") }
    }
}

/// The name of one part of a split file: `<prefix>-00002-of-00005.gguf`.
struct GGUFPartName {
    private let prefix: String
    /// Counted from 1.
    let part: Int
    /// How many parts there are.
    let count: Int

    /// Takes a path apart; nil if it is not named so.
    init?(path: String) {
        guard let match = path.wholeMatch(of: /(.*)-([0-9]{5})-of-([0-9]{5})\.gguf/.dotMatchesNewlines()),
            let part = Int(match.2), let count = Int(match.3), (1...max(count, 1)).contains(part)
        else { return nil }
        prefix = String(match.1)
        self.part = part
        self.count = count
    }

    /// The path of another part.
    func path(ofPart part: Int) -> String { "\(prefix)-\(Self.digits(part))-of-\(Self.digits(count)).gguf" }

    /// A number in five digits.
    static func digits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(5 - digits.count, 0)) + digits
    }
}
