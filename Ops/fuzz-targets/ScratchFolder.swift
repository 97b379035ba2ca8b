import Foundation
import Glibc
import Synchronization

/// A folder in memory (tmpfs where there is one) whose files every input replaces: readers of files are fuzzed as they are.
final class ScratchFolder: Sendable {
    /// The folder.
    let path: String

    init() {
        let root = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        path = "\(root)/glimpq-fuzz-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        mkdir(path, 0o700)
        let owner = path
        Self.owned.withLock { $0.append(owner) }
        atexit {
            for folder in ScratchFolder.owned.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: folder) }
        }
    }

    /// Replaces a file.
    func write(_ name: String, _ bytes: some Collection<UInt8>) {
        let file = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        expect(file >= 0, "\(path)/\(name) can be written")
        let contents = Array(bytes)
        let written = Glibc.write(file, contents, contents.count)
        expect(written == contents.count, "\(path)/\(name) has room")
        close(file)
    }

    /// Removes a file if it is there.
    func remove(_ name: String) { unlink("\(path)/\(name)") }

    private static let owned = Mutex<[String]>([])
}
