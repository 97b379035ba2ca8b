/// A named tensor inside a mapped file.
public struct CheckpointTensor: Sendable {
    /// How the elements are stored.
    public enum ElementType: String, Sendable, Hashable {
        case float32 = "F32"
        case float16 = "F16"
        case bfloat16 = "BF16"

        /// Bytes of one element.
        public var bytes: Int { self == .float32 ? 4 : 2 }
    }

    /// Name in the file.
    public let name: String
    /// How the elements are stored, little-endian.
    public let elementType: ElementType
    /// Extents, slowest first: [outputs, inputs] for a matrix.
    public let shape: [Int]
    let file: MappedFile
    let range: Range<Int>

    /// Bytes in the file.
    public var byteCount: Int { range.count }
    /// Number of elements.
    public var elementCount: Int { range.count / elementType.bytes }

    /// Calls `body` with the elements' bytes, row-major and possibly unaligned.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(file) { try body(UnsafeRawBufferPointer(rebasing: file.bytes[range])) }
    }
}
