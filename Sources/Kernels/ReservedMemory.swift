#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Zeroed memory from the system, page-aligned; pages take up room only once they are touched. Unmapped with the owner.
///
/// `@unchecked Sendable`: the class hands out a constant address; who writes behind it, and when, is its holder's concern.
public final class ReservedMemory: @unchecked Sendable {
    /// The first byte.
    public let start: UnsafeMutableRawPointer
    /// Length in bytes.
    public let byteCount: Int

    /// Reserves at least one byte; nil if the system refuses.
    public init?(byteCount: Int) {
        let length = max(byteCount, 1)
        let address = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else { return nil }
        #if os(Linux)
            // Large tables are read from end to end: fewer page faults and translation misses with huge pages.
            if length >= 1 << 22 { madvise(address, length, MADV_HUGEPAGE) }
        #endif
        start = address
        self.byteCount = length
    }

    deinit { munmap(start, byteCount) }

    /// The memory as floats.
    public var floats: UnsafeMutablePointer<Float> { start.assumingMemoryBound(to: Float.self) }
}
