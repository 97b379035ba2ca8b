/// A memory-mapped safetensors file: u64 little-endian header length, JSON header, data.
///
/// Format: https://github.com/huggingface/safetensors (README, "Format").
public struct SafetensorsFile: Sendable {
    /// Tensors by name; all of them lie inside the file and do not overlap.
    public let tensors: [String: CheckpointTensor]
    /// The file.
    let file: MappedFile
    /// The header's JSON bytes inside the file.
    let headerRange: Range<Int>

    /// Longest header accepted, as in the reference implementation.
    static let maximumHeaderBytes = 100_000_000

    /// Maps and checks a file. Throws `CheckpointError`.
    public init(path: String) throws { try self.init(file: MappedFile(path: path)) }

    init(file: MappedFile) throws {
        self.file = file
        headerRange = try Self.headerRange(file)
        let header = try JSONObject(
            file: file.path, bytes: UnsafeRawBufferPointer(rebasing: file.bytes[headerRange]),
            base: headerRange.lowerBound)
        var tensors: [String: CheckpointTensor] = [:]
        for name in header.keys where name != "__metadata__" {
            guard let entry = try header.object(name) else {
                throw header.malformed(name, "expected an object, got null")
            }
            tensors[name] = try Self.tensor(name, entry, file: file, dataStart: headerRange.upperBound)
        }
        if let (left, right) = tensors.values.firstOverlap {
            throw CheckpointError.malformed(
                file: file.path, place: "\(right.name).data_offsets", reason: "overlaps tensor '\(left.name)'")
        }
        self.tensors = tensors
    }

    private static func headerRange(_ file: MappedFile) throws -> Range<Int> {
        guard file.bytes.count >= 8 else {
            throw CheckpointError.malformed(
                file: file.path, place: "byte 0",
                reason: "expected a header length of 8 bytes, the file has \(file.bytes.count)")
        }
        let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
        guard length >= 2, length <= UInt64(min(maximumHeaderBytes, file.bytes.count - 8)) else {
            throw CheckpointError.malformed(
                file: file.path, place: "byte 0",
                reason:
                    "header length \(length) does not fit a file of \(file.bytes.count) bytes; it is truncated or not safetensors"
            )
        }
        return 8..<8 + Int(length)
    }

    private static func tensor(_ name: String, _ entry: JSONObject, file: MappedFile, dataStart: Int) throws
        -> CheckpointTensor
    {
        guard let typeName = try entry.string("dtype") else { throw entry.malformed("dtype", "the key is missing") }
        guard let type = CheckpointTensor.ElementType(rawValue: typeName), type.blockElements == 1 else {
            throw entry.unsupported("dtype", got: "'\(typeName)'", accepted: "F32, F16, BF16")
        }
        guard case .array = entry["shape"], let shape = try entry.integers("shape", in: 0...Int.max) else {
            throw entry.malformed("shape", "expected an array of integers")
        }
        guard case .array = entry["data_offsets"], let offsets = try entry.integers("data_offsets", in: 0...Int.max),
            offsets.count == 2
        else { throw entry.malformed("data_offsets", "expected [begin, end]") }
        let available = file.bytes.count - dataStart
        guard offsets[0] <= offsets[1], offsets[1] <= available else {
            throw entry.malformed(
                "data_offsets", "\(offsets) lies outside the \(available) bytes of data; the file is truncated")
        }
        var product = type.blockBytes
        for extent in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw entry.malformed("shape", "\(shape) overflows") }
            product = next
        }
        guard product == offsets[1] - offsets[0] else {
            throw entry.malformed(
                "data_offsets",
                "\(offsets[1] - offsets[0]) bytes, expected \(product) for shape \(shape) of \(typeName)")
        }
        return CheckpointTensor(
            name: name, elementType: type, shape: shape, file: file,
            range: dataStart + offsets[0]..<dataStart + offsets[1])
    }
}
