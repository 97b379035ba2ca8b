/// A memory-mapped GGUF file of version 2 or 3: header, metadata, tensor infos, data.
///
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
struct GGUFFile: Sendable {
    /// A tensor whose format is not read.
    struct UnreadTensor: Sendable {
        let name: String
        let type: GGUFTensorType
    }

    /// The file.
    let file: MappedFile
    /// The metadata.
    let metadata: GGUFMetadata
    /// Tensors by name; all of them lie inside the file and do not overlap.
    private(set) var tensors: [String: CheckpointTensor] = [:]
    /// Tensors in formats that we do not read, in the order of the file.
    private(set) var unread: [UnreadTensor] = []
    /// Metadata and tensor infos inside the file.
    let headerRange: Range<Int>

    /// The first bytes of every file.
    static let magic = Array("GGUF".utf8)
    /// Extents of a tensor, as the format limits them.
    private static let maximumExtents = 4

    /// Maps and checks a file. Throws `CheckpointError`.
    init(path: String) throws { try self.init(file: MappedFile(path: path)) }

    init(file: MappedFile) throws {
        self.file = file
        var cursor = GGUFCursor(file)
        try Self.readVersion(&cursor)
        // A tensor info has at least the length of a name, the number of extents, one of them, a type and an offset; a
        // key the length of its name, a type and a byte.
        let tensorCount = try cursor.count(of: "tensors", minimumBytes: 32)
        let keyCount = try cursor.count(of: "metadata keys", minimumBytes: 13)
        metadata = try Self.readMetadata(&cursor, count: keyCount)
        var infos: [GGUFTensorInfo] = []
        infos.reserveCapacity(tensorCount)
        for _ in 0..<tensorCount { infos.append(try GGUFTensorInfo(&cursor, maximumExtents: Self.maximumExtents)) }
        headerRange = 0..<cursor.position
        let alignment = try Self.alignment(metadata)
        let dataStart = try Self.dataStart(cursor, alignment: alignment, hasData: !infos.isEmpty)
        var names: Set<String> = []
        for info in infos {
            guard names.insert(info.name).inserted else { throw info.malformed(file, "the name appears twice") }
            if let tensor = try info.tensor(file, dataStart: dataStart, alignment: alignment) {
                tensors[info.name] = tensor
            } else {
                unread.append(UnreadTensor(name: info.name, type: info.type))
            }
        }
        if let (left, right) = tensors.values.firstOverlap {
            throw CheckpointError.malformed(
                file: file.path, place: "tensor '\(right.name)'", reason: "its data overlaps tensor '\(left.name)'")
        }
    }

    private static func readVersion(_ cursor: inout GGUFCursor) throws {
        let path = cursor.file.path
        guard cursor.file.bytes.starts(with: Self.magic) else {
            throw cursor.malformed("expected the letters GGUF, got others; it is not a GGUF file")
        }
        cursor.skip(4)
        let version = try cursor.integer(UInt32.self, of: "the version")
        func unsupported(_ got: String) -> CheckpointError {
            .unsupported(file: path, place: "file format", got: got, accepted: "GGUF versions 2 and 3, little-endian")
        }
        switch version {
        case 2, 3: return
        case 1: throw unsupported("GGUF version 1")
        case _ where version & 0xffff == 0: throw unsupported("big-endian GGUF of version \(version.byteSwapped)")
        default: throw unsupported("GGUF version \(version)")
        }
    }

    private static func readMetadata(_ cursor: inout GGUFCursor, count: Int) throws -> GGUFMetadata {
        var values: [String: GGUFValue] = [:]
        for index in 0..<count {
            let start = cursor.position
            let key = try cursor.name(of: "metadata key \(index)")
            let value = try cursor.value(of: key)
            guard values.updateValue(value, forKey: key) == nil else {
                throw cursor.malformed(at: start, "metadata key '\(key)' appears twice")
            }
        }
        return GGUFMetadata(file: cursor.file, values: values)
    }

    private static func alignment(_ metadata: GGUFMetadata) throws -> Int {
        let key = "general.alignment"
        let alignment = try metadata.integer(key, in: 1...1 << 30) ?? 32
        guard alignment & (alignment - 1) == 0 else {
            throw metadata.malformed(key, "expected a power of 2, got \(alignment)")
        }
        return alignment
    }

    /// The first multiple of the alignment behind the tensor infos.
    private static func dataStart(_ cursor: GGUFCursor, alignment: Int, hasData: Bool) throws -> Int {
        let start = (cursor.position + alignment - 1) / alignment * alignment
        guard !hasData || start <= cursor.file.bytes.count else {
            throw cursor.malformed("expected tensor data at byte \(start), got the end of the file; it is truncated")
        }
        return start
    }
}
