import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the system says about this process, under the names that Prometheus clients have agreed upon.
public enum ProcessFigures {
    /// Memory, processor time, file descriptors, start; empty where there is no `/proc`.
    public static var families: [MetricFamily] {
        guard let stat = fields(of: "/proc/self/stat") else { return [] }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        var families: [MetricFamily] = []
        func add(_ kind: MetricFamily.Kind, _ name: String, _ help: String, _ value: Double?) {
            if let value { families.append(MetricFamily(kind, name, help, value)) }
        }
        // Numbers of proc(5), from 0, the fields before the state left out.
        add(
            .counter, "process_cpu_seconds_total", "User and system time in seconds.",
            number(stat, 11).flatMap { user in number(stat, 12).map { ($0 + user) / ticks } })
        add(.gauge, "process_resident_memory_bytes", "Resident memory.", number(stat, 21).map { $0 * pageSize })
        add(.gauge, "process_virtual_memory_bytes", "Virtual memory.", number(stat, 20))
        add(.gauge, "process_threads", "Threads of the process.", number(stat, 17))
        add(.gauge, "process_open_fds", "Open file descriptors.", openFiles)
        add(.gauge, "process_max_fds", "Most file descriptors that may be open.", fileLimit)
        add(
            .gauge, "process_start_time_seconds", "When the process started, in seconds since 1970.",
            number(stat, 19).flatMap { started in bootTime.map { $0 + started / ticks } })
        return families
    }

    private static var pageSize: Double { Double(sysconf(Int32(_SC_PAGESIZE))) }

    /// The fields after the name of the program, which may contain anything.
    private static func fields(of path: String) -> [Substring]? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), let end = text.lastIndex(of: ")") else {
            return nil
        }
        return text[text.index(after: end)...].split(separator: " ")
    }

    private static func number(_ fields: [Substring], _ index: Int) -> Double? {
        index < fields.count ? Double(fields[index]) : nil
    }

    private static var openFiles: Double? {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count) }
    }

    private static var fileLimit: Double? {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        return getrlimit(resource, &limit) == 0 ? Double(limit.rlim_cur) : nil
    }

    private static var bootTime: Double? {
        guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) }
    }
}
