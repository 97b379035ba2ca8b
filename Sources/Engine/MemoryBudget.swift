import Foundation

/// How much memory the models of a pool may take, and why so much.
public struct MemoryBudget: Sendable, Hashable {
    /// Bytes for weights, caches and working memory together.
    public var bytes: Int
    /// Where the number comes from, for people.
    public var origin: String

    /// A budget that somebody has set.
    public init(bytes: Int, origin: String) {
        self.bytes = bytes
        self.origin = origin
    }

    /// The budget of a pool: `memory_mib` if it is set, else three quarters of what this process may use.
    public init(_ description: ModelPoolDescription) {
        if let mebibytes = description.memoryMiB {
            self.init(bytes: mebibytes << 20, origin: "memory_mib \(mebibytes)")
            return
        }
        let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let group = controlGroupMemory() ?? .max
        self.init(
            bytes: min(machine, group) / 4 * 3,
            origin: "three quarters of the \(min(machine, group) >> 20) MiB of the "
                + (group < machine ? "control group" : "machine"))
    }
}
