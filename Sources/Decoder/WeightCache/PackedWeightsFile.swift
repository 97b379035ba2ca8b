internal import Kernels
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A finished file of packed weights, mapped read-only.
struct PackedWeightsFile {
    let header: PackedWeightsHeader
    private let mapping: FileMapping
    private static let pieceBytes = 32 << 20

    /// Maps a file and checks its header; nil if there is none. Throws `PackedWeightsFault`.
    init?(path: String) throws {
        guard let file = try OpenFile(path, flags: O_RDONLY) else { return nil }
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
            throw PackedWeightsFault("it is empty or no regular file")
        }
        mapping = try FileMapping(file.descriptor, byteCount: Int(status.st_size), isWritable: false)
        header = try PackedWeightsHeader.decode(UnsafeRawBufferPointer(mapping.bytes))
    }

    /// The matrices.
    var storage: PackedStorage {
        PackedStorage(
            packed: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(mapping.bytes)[header.bodyOffset...]),
            owner: mapping)
    }

    /// Reads the file in with all threads, so that the first pass does not wait for the disk.
    func populate(threads: ComputeThreads, report: @Sendable (LoadEvent) -> Void) {
        let total = header.fileBytes, done = Mutex(0)
        threads.share(chunks: (total + Self.pieceBytes - 1) / Self.pieceBytes) { _, chunk in
            let range = chunk * Self.pieceBytes..<min((chunk + 1) * Self.pieceBytes, total)
            mapping.populate(range)
            done.withLock {
                $0 += range.count
                report(.reading(done: $0, total: total))
            }
        }
    }
}
