public import Checkpoints
public import Kernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// One file of a weight cache.
public struct CachedWeights: Sendable, Hashable {
    /// Where it is.
    public var path: String
    /// Bytes on the disk.
    public var byteCount: Int
    /// What keeps it from being used by this program; nil if nothing does.
    public var fault: String?
    /// Where the checkpoint was when it was packed.
    public var checkpoint: String? { header?.path }
    let header: PackedWeightsHeader?
}

extension WeightCache {
    /// All files, finished or not, in the order of their names.
    public var files: [CachedWeights] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: name.pointee)) {
                    String(cString: $0)
                }
            }
            if name.hasSuffix(Self.suffix) || name.hasSuffix(Self.suffix + ".partial") { names.append(name) }
        }
        return names.sorted().compactMap { Self.describe("\(folder)/\($0)") }
    }

    private static func describe(_ path: String) -> CachedWeights? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        do {
            guard let file = try PackedWeightsFile(path: path) else { return nil }
            let isDraft = path.hasSuffix(".partial")
            return CachedWeights(
                path: path, byteCount: Int(status.st_size), fault: isDraft ? "it is unfinished" : nil,
                header: file.header)
        } catch {
            return CachedWeights(
                path: path, byteCount: Int(status.st_size), fault: (error as? PackedWeightsFault)?.reason ?? "\(error)",
                header: nil)
        }
    }

    /// Removes all files. Processes that use one keep it until they end; one that is being written is lost.
    ///
    /// - Returns: What was removed.
    public func clear() -> [CachedWeights] { files.filter { unlink($0.path) == 0 } }

    /// The file for a checkpoint.
    ///
    /// - Returns: `nil` if its weights are too small to be kept. A file that is not there has no bytes.
    public func lookUp(_ checkpoint: Checkpoint, family: KernelFamily, precision: Precision) -> CachedWeights? {
        let layout = WeightLayout(checkpoint, family: family, precision: precision)
        let identity = PackedWeightsHeader.Identity(checkpoint, layout: layout, family: family)
        guard let path = file(for: identity, layout: layout, of: checkpoint) else { return nil }
        guard var found = Self.describe(path) else {
            return CachedWeights(path: path, byteCount: 0, fault: "it is not there", header: nil)
        }
        found.fault = found.fault ?? found.header?.identity.mismatch(with: identity)
        return found
    }
}
