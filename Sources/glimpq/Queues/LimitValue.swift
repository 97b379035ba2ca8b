import ArgumentParser
import Queue

/// A value on the command line, or the word `none` that takes a setting back.
enum LimitValue<Value: ExpressibleByArgument & Sendable>: ExpressibleByArgument, Sendable {
    case none
    case value(Value)

    init?(argument: String) {
        if argument == "none" {
            self = .none
        } else if let value = Value(argument: argument) {
            self = .value(value)
        } else {
            return nil
        }
    }

    /// What an option asks to change; it changes nothing if it was not given.
    static func change<Setting>(_ given: Self?, _ setting: (Value) -> Setting) -> SettingChange<Setting> {
        switch given {
        case nil: .keep
        case .some(.none): .clear
        case .value(let value): .set(setting(value))
        }
    }
}

/// A number of jobs: 0 to 2147483647.
struct WholeNumber: ExpressibleByArgument, Sendable {
    let value: Int

    init?(argument: String) {
        guard let number = Int(argument), (0...Int(Int32.max)).contains(number) else { return nil }
        value = number
    }
}

/// A time: a number of seconds, or with a unit `90s`, `10m`, `2h`, `1d`; at least a second and at most ten years.
struct TimeSpan: ExpressibleByArgument, Sendable {
    let duration: Duration

    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let unit = argument.last.flatMap { units[$0] }
        guard let number = Int(unit == nil ? argument : String(argument.dropLast())), number > 0 else { return nil }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        guard !overflow, seconds <= 315_576_000 else { return nil }
        duration = .seconds(seconds)
    }
}
