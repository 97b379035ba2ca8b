#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A file of packed weights in the making: one process holds it locked, the others wait. What a killed process leaves is
/// not locked, and the next one starts it anew.
struct PackedWeightsDraft {
    private let file: OpenFile
    private let path: String
    private let target: String

    /// Locks the draft of a file.
    ///
    /// - Parameters:
    ///   - seconds: How long to wait for another process.
    ///   - waiting: Called once if there is one.
    /// - Throws: `PackedWeightsFault`.
    init(of target: String, waitingUpTo seconds: Int, waiting: () -> Void) throws {
        self.target = target
        path = target + ".partial"
        var hasToldOfWaiting = false
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            guard let file = try OpenFile(path, flags: O_RDWR | O_CREAT) else { continue }
            while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK || errno == EINTR else {
                    throw PackedWeightsFault("it cannot be locked", code: errno)
                }
                guard ContinuousClock.now < deadline else {
                    throw PackedWeightsFault("another process has been packing it for more than \(seconds) s")
                }
                if !hasToldOfWaiting { waiting() }
                hasToldOfWaiting = true
                usleep(20_000)
            }
            // Whoever held the lock may have finished the file under its other name, or given it up.
            if file.isAt(path) {
                self.file = file
                return
            }
        }
    }

    /// Gives the draft a length and maps it, zeroed. All its blocks are taken at once: a disk that fills up later would
    /// kill the process that writes into the mapping.
    ///
    /// - Throws: `PackedWeightsFault`.
    func map(byteCount: Int) throws -> FileMapping {
        try Self.checkRoom(for: byteCount, at: path)
        guard ftruncate(file.descriptor, 0) == 0, ftruncate(file.descriptor, off_t(byteCount)) == 0 else {
            throw PackedWeightsFault("it cannot be given \(byteCount) bytes", code: errno)
        }
        #if !canImport(Darwin)
            let code = posix_fallocate(file.descriptor, 0, off_t(byteCount))
            guard code == 0 else { throw PackedWeightsFault("it cannot be given \(byteCount) bytes", code: code) }
        #endif
        return try FileMapping(file.descriptor, byteCount: byteCount, isWritable: true)
    }

    /// Makes the draft the file, once it is on the disk. Throws `PackedWeightsFault`.
    func publish() throws {
        guard fsync(file.descriptor) == 0 else { throw PackedWeightsFault("it cannot be written", code: errno) }
        guard rename(path, target) == 0 else { throw PackedWeightsFault("it cannot be renamed", code: errno) }
        let folder = target.lastIndex(of: "/").map { String(target[..<$0]) } ?? "."
        if let folder = try? OpenFile(folder, flags: O_RDONLY) { fsync(folder.descriptor) }
    }

    /// Takes the draft away.
    func discard() {
        if file.isAt(path) { unlink(path) }
    }

    /// A file system has to have a twentieth of its blocks left after the file.
    private static func checkRoom(for byteCount: Int, at path: String) throws {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return }
        let block = Int(status.f_frsize), free = Int(status.f_bavail) * block
        let reserve = Int(status.f_blocks) / 20 * block
        guard free - byteCount >= reserve else {
            throw PackedWeightsFault(
                "it would take \(byteCount >> 20) of \(free >> 20) free MiB and leave less than a twentieth of the disk"
            )
        }
    }
}
