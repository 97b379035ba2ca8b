/// Memory that packed matrices lie in: this process's own, or a file that it shares with others.
///
/// `@unchecked Sendable`: the addresses are constant and the owner keeps them valid; who writes, and when, is the concern
/// of the matrices.
public final class PackedStorage: @unchecked Sendable {
    /// All of it.
    let bytes: UnsafeMutableRawBufferPointer
    /// Whether matrices may be packed into it.
    let isWritable: Bool
    private let owner: any AnyObject & Sendable

    /// Where a matrix may begin: no vector of its rows straddles cache lines for want of this.
    public static let alignment = 64

    /// Zeroed memory of this process. Throws `KernelError.outOfMemory`.
    ///
    /// - Parameter purpose: What it is for, for the message.
    public init(byteCount: Int, purpose: String) throws {
        guard let memory = ReservedMemory(byteCount: byteCount) else {
            throw KernelError.outOfMemory(bytes: byteCount, purpose: purpose)
        }
        bytes = UnsafeMutableRawBufferPointer(start: memory.start, count: byteCount)
        isWritable = true
        owner = memory
    }

    /// Zeroed bytes that `owner` holds, to pack matrices into; aligned like a page.
    public init(packingInto bytes: UnsafeMutableRawBufferPointer, owner: any AnyObject & Sendable) {
        self.bytes = bytes
        isWritable = true
        self.owner = owner
    }

    /// Matrices that were packed before, in bytes that `owner` holds; aligned like a page.
    public init(packed bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) {
        self.bytes = UnsafeMutableRawBufferPointer(mutating: bytes)
        isWritable = false
        self.owner = owner
    }
}
