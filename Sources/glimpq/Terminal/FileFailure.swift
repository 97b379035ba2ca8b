#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file could not be read or written.
struct FileFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What failed, where, and the system's reason.
    let description: String

    /// Creates an error from `errno`.
    init(_ action: String, path: String, error: Int32) {
        description = "\(path): \(action): \(String(cString: strerror(error)))"
    }

    /// Creates an error with a reason of our own.
    init(path: String, reason: String) {
        description = "\(path): \(reason)"
    }
}
