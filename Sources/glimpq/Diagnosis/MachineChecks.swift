import FoundationEssentials
import Kernels

/// Checks of the machine that the program runs on.
enum MachineChecks {
    /// Processor, memory, limits.
    static func run() -> [Finding] { [processor(), memory(), files()] }

    private static func processor() -> Finding {
        let count = ProcessInfo.processInfo.activeProcessorCount
        let available = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
        do {
            let chosen = try InstructionSet.fromEnvironment()
            let found = "\(count) processors, instruction set \(chosen.rawValue) (of \(available))"
            guard chosen == InstructionSet.best else {
                return Finding("processor", .warning, found, remedy: "unset GLIMPQ_ISA to use the fastest one")
            }
            return Finding("processor", found)
        } catch {
            return Finding(
                "processor", .broken, "\(error)", remedy: "set GLIMPQ_ISA to one of \(available), or unset it")
        }
    }

    private static func memory() -> Finding {
        let fields = Self.memoryFields
        guard let total = fields["MemTotal"], let available = fields["MemAvailable"] else {
            return Finding("memory", .warning, "unknown: /proc/meminfo cannot be read")
        }
        let found = "\(Figures.bytes(available)) of \(Figures.bytes(total)) available"
        return available < 512 << 20
            ? Finding("memory", .warning, found, remedy: "free some memory, or give models a smaller kv_cache_mib")
            : Finding("memory", found)
    }

    /// Bytes by name, of `/proc/meminfo`.
    static var memoryFields: [String: Int] {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return [:] }
        var fields: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(whereSeparator: { $0 == ":" || $0 == " " })
            if parts.count >= 2, let kibibytes = Int(parts[1]) { fields[String(parts[0])] = kibibytes << 10 }
        }
        return fields
    }

    private static func files() -> Finding {
        guard let limits = try? String(contentsOfFile: "/proc/self/limits", encoding: .utf8),
            let line = limits.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") }),
            let number = line.split(separator: " ").compactMap({ Int($0) }).first
        else { return Finding("open files", "no limit known") }
        return number < 256
            ? Finding("open files", .warning, "at most \(number)", remedy: "raise the limit: ulimit -n 1024")
            : Finding("open files", "at most \(Figures.grouped(number))")
    }
}
