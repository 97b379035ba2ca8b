import Foundation

/// A `gzip` process that unpacks a file: on another core, and without a library of our own to keep safe.
final class Unpacking {
    /// Where the unpacked bytes can be read.
    let output: Int32
    private let process = Process()
    private let path: String

    /// Starts to unpack.
    ///
    /// - Parameters:
    ///   - file: The open file; closed here.
    ///   - path: Its name, for messages.
    /// - Throws: ``FileFailure`` if there is no `gzip`.
    init(of file: Int32, path: String) throws {
        self.path = path
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "--decompress", "--stdout"]
        process.standardInput = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        process.standardOutput = pipe
        output = dup(pipe.fileHandleForReading.fileDescriptor)
        do {
            try process.run()
        } catch {
            close(output)
            throw FileFailure(path: path, reason: "cannot be unpacked: gzip does not start: \(error)")
        }
    }

    /// Looks how it ended, once all bytes were read.
    ///
    /// - Throws: ``FileFailure`` if the file is damaged or cut off.
    func finish() throws {
        process.waitUntilExit()
        if process.terminationStatus != 0 {
            throw FileFailure(
                path: path,
                reason: "cannot be unpacked to its end: gzip has ended with code \(process.terminationStatus)")
        }
    }

    deinit {
        if process.isRunning { process.terminate() }
    }
}
