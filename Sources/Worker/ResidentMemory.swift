import FoundationEssentials

/// What this process takes of the machine's memory.
enum ResidentMemory {
    /// Most bytes at any time so far; `nil` where the system does not say.
    static var peak: Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kibibytes = line.split(whereSeparator: { $0 == ":" || $0 == " " || $0 == "\t" }).dropFirst().first
        else { return nil }
        return Int(kibibytes).map { $0 << 10 }
    }
}
