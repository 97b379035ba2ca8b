import Decoder
import Engine
import Foundation

/// Where this program keeps packed weights: what `GLIMPQ_WEIGHT_CACHE` says, else the pool file, else the user's cache
/// folder.
struct WeightCacheFolder {
    /// What the environment or the configuration file says.
    let setting: String?
    /// The process's environment.
    let environment: [String: String]

    init(_ settings: Settings, environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.init(setting: settings.text(.weightCache), environment: environment)
    }

    init(setting: String?, environment: [String: String]) {
        self.setting = setting
        self.environment = environment
    }

    /// The cache for the models of a pool file.
    ///
    /// - Parameters:
    ///   - pool: What the file says.
    ///   - folder: What relative paths are relative to.
    /// - Returns: `nil` if packed weights are kept nowhere.
    func cache(for pool: ModelPoolDescription? = nil, relativeTo folder: URL? = nil) -> WeightCache? {
        if let setting {
            switch setting {
            case "off", "false", "no", "0": return nil
            case "on", "true", "yes", "1": return usual.map { WeightCache(folder: $0) }
            default: return WeightCache(folder: Self.absolute(setting, nil))
            }
        }
        switch pool?.weightCache {
        case .off: return nil
        case .usual: return usual.map { WeightCache(folder: $0) }
        case .folder(let path): return WeightCache(folder: Self.absolute(path, folder))
        // In the layer of a container the files would be lost with it, and count as its use of the host's disk.
        case nil: return usual.flatMap { Self.isInContainerLayer($0) ? nil : WeightCache(folder: $0) }
        }
    }

    /// The service manager's cache folder of this service, else the user's; `nil` if there is neither.
    private var usual: String? {
        func folder(_ variable: String) -> String? { environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil } }
        if let service = folder("CACHE_DIRECTORY")?.split(separator: ":").first { return "\(service)/weights" }
        return (folder("XDG_CACHE_HOME") ?? folder("HOME").map { $0 + "/.cache" }).map { $0 + "/glimpq/weights" }
    }

    private static func absolute(_ path: String, _ folder: URL?) -> String {
        URL(fileURLWithPath: path, relativeTo: folder).standardizedFileURL.path
    }

    /// Whether a folder is to be in a file system of layers, as a container's root is.
    private static func isInContainerLayer(_ folder: String) -> Bool {
        guard let mounts = try? String(contentsOfFile: "/proc/mounts", encoding: .utf8) else { return false }
        return fileSystem(of: folder, mounts: mounts) == "overlay"
    }

    /// The kind of file system that a path is in.
    ///
    /// - Parameter mounts: Lines of device, place and kind, as in `/proc/mounts`.
    static func fileSystem(of path: String, mounts: String) -> String? {
        var longest = -1
        var kind: String?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count >= 3 else { continue }
            let place = fields[1]
            let isAbove = place == "/" || path == place || path.hasPrefix(place + "/")
            // Of two in one place the later one hides the other.
            if isAbove, place.count >= longest { (longest, kind) = (place.count, fields[2]) }
        }
        return kind
    }
}
