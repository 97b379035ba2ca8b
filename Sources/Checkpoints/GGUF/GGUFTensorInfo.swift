/// What the header of a GGUF file says about one tensor.
struct GGUFTensorInfo {
    let name: String
    /// Extents, fastest first, as in the file.
    private let extents: [UInt64]
    let type: GGUFTensorType
    /// Bytes from the start of the data.
    private let offset: UInt64

    /// Reads an entry. Throws `CheckpointError`.
    init(_ cursor: inout GGUFCursor, maximumExtents: Int) throws {
        let name = try cursor.name(of: "the name of a tensor")
        let start = cursor.position
        let count = try cursor.integer(UInt32.self, of: "the number of extents of '\(name)'")
        guard (1...UInt32(maximumExtents)).contains(count) else {
            throw cursor.malformed(at: start, "tensor '\(name)' has \(count) extents, expected 1 to \(maximumExtents)")
        }
        self.name = name
        extents = try (0..<count).map { _ in try cursor.integer(UInt64.self, of: "an extent of '\(name)'") }
        type = GGUFTensorType(number: try cursor.integer(UInt32.self, of: "the type of '\(name)'"))
        offset = try cursor.integer(UInt64.self, of: "the offset of '\(name)'")
    }

    /// An error about this tensor.
    func malformed(_ file: MappedFile, _ reason: String) -> CheckpointError {
        .malformed(file: file.path, place: "tensor '\(name)'", reason: reason)
    }

    /// The tensor, checked against the file; nil if its format is not read.
    func tensor(_ file: MappedFile, dataStart: Int, alignment: Int) throws -> CheckpointTensor? {
        guard let format = type.elementType else { return nil }
        var count = 1
        for extent in extents {
            let (next, overflow) = count.multipliedReportingOverflow(by: Int(clamping: extent))
            guard extent > 0, !overflow else {
                throw malformed(file, "extents \(extents) are 0 or overflow")
            }
            count = next
        }
        let row = Int(clamping: extents[0])
        guard row % format.blockElements == 0 else {
            throw CheckpointError.unsupported(
                file: file.path, place: "tensor '\(name)'", got: "\(format.rawValue) with rows of \(row) elements",
                accepted: "rows of whole blocks of \(format.blockElements)")
        }
        guard offset % UInt64(alignment) == 0 else {
            throw malformed(file, "offset \(offset) is no multiple of the alignment \(alignment)")
        }
        let (bytes, overflow) = (count / format.blockElements).multipliedReportingOverflow(by: format.blockBytes)
        let available = file.bytes.count - dataStart
        guard !overflow, bytes <= available, offset <= UInt64(available - bytes) else {
            throw malformed(
                file,
                "expected \(overflow ? "too many" : "\(bytes)") bytes at offset \(offset) of the data, got "
                    + "\(available) bytes of data; the file is truncated or damaged")
        }
        let start = dataStart + Int(offset)
        return CheckpointTensor(
            name: name, elementType: format, shape: extents.reversed().map { Int($0) }, file: file,
            range: start..<start + bytes)
    }
}
