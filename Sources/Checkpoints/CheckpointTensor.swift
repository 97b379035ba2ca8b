/// A named tensor inside a mapped file.
public struct CheckpointTensor: Sendable {
    /// How the elements are stored.
    public enum ElementType: String, Sendable, Hashable, CaseIterable {
        case float32 = "F32"
        case float16 = "F16"
        case bfloat16 = "BF16"
        case q8_0 = "Q8_0"
        case q4_0 = "Q4_0"
        case q4_K = "Q4_K"
        case q6_K = "Q6_K"
        case q4_1 = "Q4_1"
        case q5_0 = "Q5_0"
        case q5_1 = "Q5_1"
        case q5_K = "Q5_K"

        /// Elements that are stored together; 1 for floats. Rows consist of whole blocks.
        public var blockElements: Int {
            switch self {
            case .float32, .float16, .bfloat16: 1
            case .q8_0, .q4_0, .q4_1, .q5_0, .q5_1: 32
            case .q4_K, .q5_K, .q6_K: 256
            }
        }

        /// Bytes of one block.
        public var blockBytes: Int {
            switch self {
            case .float32: 4
            case .float16, .bfloat16: 2
            case .q8_0: 34
            case .q4_0: 18
            case .q4_K: 144
            case .q6_K: 210
            case .q4_1: 20
            case .q5_0: 22
            case .q5_1: 24
            case .q5_K: 176
            }
        }

        /// All names, for messages.
        static let accepted = allCases.map(\.rawValue).joined(separator: ", ")
    }

    /// How the file orders the rows.
    enum RowOrder: Sendable, Hashable {
        /// As `shape` says.
        case straight
        /// In each head of `headDim` rows, those of the two halves take turns, as llama.cpp wants queries and keys of
        /// Llama models: row 2j + t of a head in the file is row t · headDim / 2 + j.
        case halvesTakeTurns(headDim: Int)
    }

    /// Name in the file.
    public let name: String
    /// How the elements are stored, little-endian.
    public let elementType: ElementType
    /// Extents, slowest first: [outputs, inputs] for a matrix.
    public let shape: [Int]
    let file: MappedFile
    let range: Range<Int>
    var rowOrder = RowOrder.straight

    /// Bytes in the file.
    public var byteCount: Int { range.count }
    /// Number of elements.
    public var elementCount: Int { range.count / elementType.blockBytes * elementType.blockElements }

    /// Which row of the tensor the file holds in place `index`.
    public func row(at index: Int) -> Int {
        switch rowOrder {
        case .straight: index
        case .halvesTakeTurns(let headDim):
            index / headDim * headDim + index % 2 * (headDim / 2) + index % headDim / 2
        }
    }

    /// Calls `body` with the elements' bytes, row-major in the file's order of rows and possibly unaligned.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(file) { try body(UnsafeRawBufferPointer(rebasing: file.bytes[range])) }
    }

    /// Tells the system that the elements have been copied: they no longer take memory of this process beside the copy.
    /// They can still be read.
    ///
    /// - Parameter part: The bytes in question; `nil` for all.
    public func forget(_ part: Range<Int>? = nil) {
        let part = part ?? 0..<range.count
        file.forget(range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
    }
}

extension Sequence<CheckpointTensor> {
    /// Two tensors of one file that share bytes, the earlier one first.
    var firstOverlap: (CheckpointTensor, CheckpointTensor)? {
        let used = filter { $0.byteCount > 0 }.sorted { $0.range.lowerBound < $1.range.lowerBound }
        return zip(used, used.dropFirst()).first { $1.range.lowerBound < $0.range.upperBound }
    }
}
