#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A file mapped read-only, so that processes on one machine share its pages. It must not be truncated while in use.
///
/// `@unchecked Sendable`: the mapping is never written and lives as long as the object.
final class MappedFile: @unchecked Sendable {
    /// The path that was opened, for messages.
    let path: String
    /// The whole file.
    let bytes: UnsafeRawBufferPointer
    /// When the content was last changed, in nanoseconds since 1970.
    let modified: Int

    /// Maps a regular file. Throws `CheckpointError.unreadable`.
    init(path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CheckpointError.unreadable(file: path, reason: "it is not a regular file")
        }
        self.path = path
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        modified = Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
        let size = Int(status.st_size)
        guard size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw Self.unreadable(path, errno) }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit {
        if let address = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: address), bytes.count) }
    }

    /// Tells the system that the whole pages of a range are not needed for now, so that they no longer count as this
    /// process's memory. Another look reads them again from the file.
    func forget(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let first = (range.lowerBound + page - 1) / page * page, end = range.upperBound / page * page
        guard first < end, let address = bytes.baseAddress else { return }
        madvise(UnsafeMutableRawPointer(mutating: address + first), end - first, MADV_DONTNEED)
    }

    /// Whether the path exists at all.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The names in a folder, ascending; nil if the path is no folder that can be read.
    static func names(inFolder path: String) -> [String]? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: name.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func unreadable(_ path: String, _ code: Int32) -> CheckpointError {
        .unreadable(file: path, reason: String(cString: strerror(code)))
    }
}
