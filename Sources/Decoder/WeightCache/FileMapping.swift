#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A file's pages in memory, shared with every process that maps the same file.
///
/// `@unchecked Sendable`: the address is constant; who writes behind it, and when, is its holder's concern.
final class FileMapping: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    /// Maps an open file of that length. Throws `PackedWeightsFault`.
    init(_ descriptor: Int32, byteCount: Int, isWritable: Bool) throws {
        let address = mmap(
            nil, byteCount, isWritable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw PackedWeightsFault("it cannot be mapped", code: errno) }
        #if os(Linux)
            // Where the file system can, pages of 2 MiB: tables are read from end to end, with fewer translation misses.
            madvise(address, byteCount, MADV_HUGEPAGE)
        #endif
        bytes = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
    }

    deinit { munmap(bytes.baseAddress, bytes.count) }

    /// Reads a range of pages in and puts them into this process's page table. A failure shows when they are used.
    func populate(_ range: Range<Int>) {
        #if os(Linux)
            let populateRead: Int32 = 22  // MADV_POPULATE_READ, Linux 5.14
            guard let start = bytes.baseAddress, !range.isEmpty else { return }
            if madvise(start + range.lowerBound, range.count, populateRead) == 0 { return }
            madvise(start + range.lowerBound, range.count, MADV_WILLNEED)
        #endif
    }
}

/// A file descriptor that is closed with its owner.
final class OpenFile {
    let descriptor: Int32

    /// Opens or creates a file; nil if it does not exist and is not to be created. Throws `PackedWeightsFault`.
    init?(_ path: String, flags: Int32) throws {
        descriptor = open(path, flags | O_CLOEXEC, 0o644)
        if descriptor >= 0 { return }
        if errno == ENOENT || errno == ENOTDIR, flags & O_CREAT == 0 { return nil }
        throw PackedWeightsFault("it cannot be opened", code: errno)
    }

    deinit { close(descriptor) }

    /// What the system says of the open file. Throws `PackedWeightsFault`.
    func status() throws -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw PackedWeightsFault("it cannot be examined", code: errno) }
        return status
    }

    /// Whether the path still leads to this file.
    func isAt(_ path: String) -> Bool {
        var there = stat()
        guard let here = try? status(), stat(path, &there) == 0 else { return false }
        return here.st_ino == there.st_ino && here.st_dev == there.st_dev
    }
}

/// What the system calls an error.
func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
