internal import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder for results that could not be delivered, one file each, in the hands of one process at a time.
///
/// Workers of one machine may share a folder: each takes the first *slot* (a folder inside) that no other process has
/// locked. The lock goes with the process, however it ends, and what it left behind is delivered by whoever takes its
/// slot next, or finds it unlocked (``abandoned()``).
public final class SpoolFolder: Sendable {
    private static let mostSlots = 10_000
    private static let ending = ".result"

    /// The slot's own path.
    public let path: String
    private let root: String
    private let lock: LockFile

    private init(root: String, path: String, lock: LockFile) {
        self.root = root
        self.path = path
        self.lock = lock
    }

    /// Takes the first free slot of a folder, which is created if need be.
    ///
    /// - Throws: ``SpoolFault`` if the folder cannot be written.
    public static func open(_ root: String) throws(SpoolFault) -> SpoolFolder {
        for number in 1...mostSlots {
            if let slot = try slot(number, of: root, creating: true) { return slot }
        }
        throw SpoolFault("\(root): all \(mostSlots) slots are in use")
    }

    /// The other slots that no process has locked, now locked by this one.
    public func abandoned() -> [SpoolFolder] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return names.sorted().compactMap { name in
            guard name.hasPrefix("slot-"), let number = Int(name.dropFirst(5)) else { return nil }
            return try? Self.slot(number, of: root, creating: false)
        }
    }

    private static func slot(_ number: Int, of root: String, creating: Bool) throws(SpoolFault) -> SpoolFolder? {
        let path = "\(root)/slot-\(number)"
        do {
            if creating { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        } catch {
            throw SpoolFault("\(path): the folder cannot be made: \(error)")
        }
        guard let lock = try LockFile.taken("\(path)/lock") else { return nil }
        return SpoolFolder(root: root, path: path, lock: lock)
    }

    /// Writes a result down; when this returns it survives a power cut. One that is there already is replaced.
    ///
    /// - Throws: ``SpoolFault``, or an error of the encoding.
    public func keep(_ result: SpooledResult) throws {
        try DurableFile.write(try result.encoded(), to: "\(path)/\(result.fileName)", in: path)
    }

    /// Forgets a result, if it is there.
    public func remove(_ result: SpooledResult) { unlink("\(path)/\(result.fileName)") }

    /// A file of the slot.
    public struct Entry: Sendable {
        /// Its path.
        public var path: String
        /// What it holds, or why that cannot be read.
        public var content: Result<SpooledResult, SpoolFault>
    }

    /// What lies in the slot, by name. Half-written files of a process that was killed are reported as damaged.
    public func entries() -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.sorted().compactMap { name in
            let file = "\(path)/\(name)"
            if name.hasSuffix(DurableFile.unfinished) {
                return Entry(path: file, content: .failure(SpoolFault("it was not written to its end")))
            }
            guard name.hasSuffix(Self.ending) else { return nil }
            guard let data = FileManager.default.contents(atPath: file) else {
                return Entry(path: file, content: .failure(SpoolFault("it cannot be read")))
            }
            do throws(SpoolFault) {
                return Entry(path: file, content: .success(try SpooledResult(decoding: [UInt8](data))))
            } catch {
                return Entry(path: file, content: .failure(error))
            }
        }
    }

    /// Leaves the slot to others; nothing more may be written to it.
    public func release() { lock.release() }

    /// Puts a damaged file aside, under a name that is not looked at again.
    public func setAside(_ entry: Entry) { rename(entry.path, entry.path + ".torn") }
}
