import Foundation

/// Number of processors that this process may use: its affinity mask, cut down to the CPU quota of its control group.
public func availableProcessors() -> Int {
    let inMask = max(ProcessInfo.processInfo.activeProcessorCount, 1)
    guard let quota = controlGroupQuota() else { return inMask }
    return max(1, min(inMask, Int(quota.rounded(.down))))
}

/// Memory limit of the control group (version 2: `memory.max`, bytes or "max"); `nil` if there is none.
func controlGroupMemory() -> Int? {
    guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8) else { return nil }
    return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
}

/// CPU quota of the control group (version 2: `cpu.max`, "quota period" in microseconds), in processors; `nil` if
/// there is none.
private func controlGroupQuota() -> Double? {
    guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8) else { return nil }
    let fields = text.split(whereSeparator: \.isWhitespace)
    guard fields.count == 2, let quota = Double(fields[0]), let period = Double(fields[1]), period > 0
    else { return nil }
    return quota / period
}
