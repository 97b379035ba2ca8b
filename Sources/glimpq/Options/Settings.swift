import Configuration
import FoundationEssentials

/// The settings of one run: flags over environment over file over defaults.
struct Settings {
    private let reader: ConfigReader
    private let flags: Set<Setting>

    /// Layers the sources; an empty value counts as absent.
    ///
    /// - Parameters:
    ///   - flags: What the command line says.
    ///   - environment: The process's environment.
    ///   - file: What the configuration file says, by variable name.
    init(flags: [Setting: String] = [:], environment: [String: String], file: [String: String] = [:]) {
        self.flags = Set(flags.keys)
        let given = flags.map {
            (AbsoluteConfigKey(["glimpq"] + $0.key.rawValue.split(separator: ".").map(String.init)), $0.value)
        }
        reader = ConfigReader(providers: [
            InMemoryProvider(
                name: "flags",
                values: Dictionary(
                    uniqueKeysWithValues: given.map { ($0.0, ConfigValue(.string($0.1), isSecret: true)) })),
            EnvironmentVariablesProvider(environmentVariables: environment.filter { !$0.value.isEmpty }),
            EnvironmentVariablesProvider(environmentVariables: file.filter { !$0.value.isEmpty }),
        ]).scoped(to: "glimpq")
    }

    /// Reads the environment and the configuration file.
    ///
    /// - Parameters:
    ///   - flags: What the command line says.
    ///   - configuration: The file named by `--config`; `nil` takes `GLIMPQ_CONFIG`.
    /// - Throws: ``CommandFailure`` if the file cannot be read or has something else than settings.
    static func load(flags: [Setting: String], configuration: String?) throws -> Settings {
        let environment = ProcessInfo.processInfo.environment
        let named = configuration ?? environment["GLIMPQ_CONFIG"]
        guard let path = named, !path.isEmpty else { return Settings(flags: flags, environment: environment) }
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            let reason =
                FileManager.default.fileExists(atPath: path) ? "cannot be read as UTF-8 text" : "does not exist"
            throw CommandFailure(.environment, "\(path): the configuration file \(reason)")
        }
        let file = try EnvironmentFile(text, path: path)
        return Settings(flags: flags, environment: environment, file: file.values)
    }

    /// A text; `nil` if no source has it.
    func text(_ setting: Setting) -> String? { reader.string(forKey: ConfigKey(setting.rawValue)) }

    /// A whole number; `nil` if no source has it.
    ///
    /// - Throws: ``CommandFailure`` if it is none, or out of range.
    func integer(_ setting: Setting, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = text(setting) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw CommandFailure(
                .usage,
                "\(flags.contains(setting) ? setting.flag : "setting \(setting.variable)"): expected a whole number in \(range.lowerBound)...\(range.upperBound), "
                    + "got \(text.debugDescription)")
        }
        return number
    }
}
