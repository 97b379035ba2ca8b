import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files that are there as a whole or not at all, also after a power cut.
enum DurableFile {
    /// How the name of a file ends that is being written.
    static let unfinished = ".partial"

    /// Writes beside the file, waits for the disk, and moves it into place.
    static func write(_ bytes: [UInt8], to path: String, in folder: String) throws(SpoolFault) {
        let draft = path + unfinished
        try write(bytes, to: draft)
        guard rename(draft, path) == 0 else { throw fault(path, "cannot be moved into place") }
        let descriptor = open(folder, O_RDONLY)
        guard descriptor >= 0 else { throw fault(folder, "cannot be opened") }
        defer { _ = close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault(folder, "cannot be written to the disk") }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(SpoolFault) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw fault(path, "cannot be made") }
        defer { _ = close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Self.put(descriptor, $0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw fault(path, "cannot be written") }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw fault(path, "cannot be written to the disk") }
    }

    private static func put(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    static func fault(_ path: String, _ what: String) -> SpoolFault {
        SpoolFault("\(path): \(what): \(String(cString: strerror(errno)))")
    }
}

/// A file that one process at a time has locked; the lock ends with ``release()``, the object, or the process.
final class LockFile: Sendable {
    private let descriptor: Mutex<Int32?>

    private init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    deinit { release() }

    /// Gives the lock back. Doing so twice does nothing.
    func release() {
        descriptor.withLock { descriptor in
            if let descriptor { _ = close(descriptor) }
            descriptor = nil
        }
    }

    /// Locks a file, which is created if need be; `nil` if another holder has it.
    static func taken(_ path: String) throws(SpoolFault) -> LockFile? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DurableFile.fault(path, "cannot be made") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return LockFile(descriptor)
    }
}
