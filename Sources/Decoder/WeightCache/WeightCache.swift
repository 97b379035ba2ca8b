internal import Checkpoints
internal import Kernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A folder of packed weights. A model is packed once; later starts map its file, and all processes on the machine share
/// its pages.
///
/// Files are whole or not there: they are written under another name, synced and renamed, by one process at a time. A file
/// that does not suit the checkpoint any more is replaced; processes that use it keep it until they end. Whatever goes
/// wrong, the weights end up in memory of the process itself.
public struct WeightCache: Sendable, Hashable {
    /// Where the files are.
    public var folder: String
    /// Models whose matrices take fewer bytes are packed on every start: it takes no longer than looking for a file.
    public var smallestBytes: Int

    /// The ending of the files' names.
    static let suffix = ".weights"

    /// A folder, which need not be there yet.
    public init(folder: String, smallestBytes: Int = 16 << 20) {
        self.folder = folder
        self.smallestBytes = smallestBytes
    }

    /// The file for a checkpoint; nil if its weights are too small to be kept.
    func file(for identity: PackedWeightsHeader.Identity, layout: WeightLayout, of checkpoint: Checkpoint) -> String? {
        guard layout.byteCount >= smallestBytes else { return nil }
        let name = checkpoint.path.split(separator: "/").last.map(String.init) ?? "model"
        let readable = String(name.prefix(64).map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        return "\(folder)/\(readable)-\(identity.digest).v\(PackedWeightsHeader.version)\(Self.suffix)"
    }

    /// The packed weights of a checkpoint, in a file's pages, with the file's path; nil if they are to be packed into
    /// memory.
    ///
    /// - Parameters:
    ///   - pack: Fills zeroed storage.
    ///   - report: Told of what becomes of the file.
    /// - Throws: What `pack` throws.
    func storage(
        of checkpoint: Checkpoint, layout: WeightLayout, family: KernelFamily, threads: ComputeThreads,
        report: @Sendable (LoadEvent) -> Void, pack: (PackedStorage) throws -> Void
    ) throws -> (storage: PackedStorage, file: String)? {
        let identity = PackedWeightsHeader.Identity(checkpoint, layout: layout, family: family)
        guard let file = file(for: identity, layout: layout, of: checkpoint) else { return nil }
        do {
            func use(_ found: PackedWeightsFile) -> (PackedStorage, String) {
                found.populate(threads: threads, report: report)
                return (found.storage, file)
            }
            if let found = existing(file, identity, report) { return use(found) }
            let header = try PackedWeightsHeader(identity, path: checkpoint.path, bodyBytes: layout.byteCount)
            try makeFolder()
            // Slow disks write 20 MB/s.
            let draft = try PackedWeightsDraft(of: file, waitingUpTo: 60 + header.fileBytes / 20_000_000) {
                report(.waiting(file: file))
            }
            if let found = existing(file, identity, { _ in }) {
                draft.discard()
                return use(found)
            }
            do {
                try write(header, into: draft, pack)
            } catch {
                draft.discard()
                throw error
            }
            report(.written(file: file, bytes: header.fileBytes))
            removeForerunners(of: file, header)
            return existing(file, identity, report).map(use)
        } catch let fault as PackedWeightsFault {
            report(.unavailable(file: file, reason: fault.reason))
            return nil
        }
    }

    /// The file if it is there and suits; one that does not is reported.
    private func existing(
        _ file: String, _ identity: PackedWeightsHeader.Identity, _ report: (LoadEvent) -> Void
    ) -> PackedWeightsFile? {
        do {
            guard let found = try PackedWeightsFile(path: file) else { return nil }
            if let reason = found.header.identity.mismatch(with: identity) { throw PackedWeightsFault(reason) }
            return found
        } catch {
            report(.rejected(file: file, reason: (error as? PackedWeightsFault)?.reason ?? "\(error)"))
            return nil
        }
    }

    private func write(
        _ header: PackedWeightsHeader, into draft: PackedWeightsDraft, _ pack: (PackedStorage) throws -> Void
    ) throws {
        let mapping = try draft.map(byteCount: header.fileBytes)
        let body = UnsafeMutableRawBufferPointer(rebasing: mapping.bytes[header.bodyOffset...])
        try pack(PackedStorage(packingInto: body, owner: mapping))
        mapping.bytes.copyBytes(from: try header.encoded())
        try draft.publish()
    }

    /// Removes files that hold an earlier content of the same checkpoint.
    private func removeForerunners(of file: String, _ header: PackedWeightsHeader) {
        for other in files where other.path != file {
            guard let old = other.header, old.path == header.path, old.identity.family == header.identity.family,
                old.identity.pieces == header.identity.pieces, old.identity.panels == header.identity.panels
            else { continue }
            unlink(other.path)
        }
    }

    /// Makes the folder and those above it, for this user alone. Throws `PackedWeightsFault`.
    private func makeFolder() throws {
        var path = folder.hasPrefix("/") ? "" : "."
        for part in folder.split(separator: "/") {
            path += "/" + part
            if mkdir(path, 0o700) != 0, errno != EEXIST {
                let code = errno
                var status = stat()
                if stat(path, &status) != 0 { throw PackedWeightsFault("the folder cannot be made", code: code) }
            }
        }
    }
}
