#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open file, standard input, or the output of what unpacks a file.
final class InputFile {
    /// What messages call it.
    let name: String
    /// Where its bytes can be read.
    let descriptor: Int32
    /// Its size in bytes; `nil` for a pipe.
    let size: Int?
    /// What unpacks it.
    let unpacking: Unpacking?

    /// Opens a file; `-` is standard input, and a name that ends in `.gz` is unpacked.
    ///
    /// - Throws: ``FileFailure``.
    init(path: String) throws {
        if path == "-" {
            (name, descriptor, unpacking) = ("stdin", 0, nil)
        } else {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            if file < 0 { throw FileFailure("cannot open", path: path, error: errno) }
            name = path
            unpacking = path.hasSuffix(".gz") ? try Unpacking(of: file, path: path) : nil
            descriptor = unpacking?.output ?? file
        }
        var information = stat()
        let isKnown = fstat(descriptor, &information) == 0
        let error = errno
        size = isKnown && information.st_mode & S_IFMT == S_IFREG ? Int(information.st_size) : nil
        if !isKnown { throw FileFailure("cannot read", path: path, error: error) }
        if information.st_mode & S_IFMT == S_IFDIR { throw FileFailure(path: path, reason: "is a folder; name a file") }
    }

    deinit {
        if descriptor > 0 { close(descriptor) }
    }
}
