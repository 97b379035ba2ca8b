/// Numbers as people read them.
enum Figures {
    /// A whole number with separators: `1,234,567`.
    static func grouped(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index).isMultiple(of: 3) { result.append(",") }
            result.append(digit)
        }
        return (number < 0 ? "-" : "") + result
    }

    /// A number with a fixed count of decimals, rounded half away from zero.
    static func fixed(_ number: Double, _ decimals: Int) -> String {
        guard number.isFinite else { return number.isNaN ? "nan" : number < 0 ? "-inf" : "inf" }
        let scale = (0..<decimals).reduce(1.0) { value, _ in value * 10 }
        guard abs(number) * scale < 9e15 else { return "\(number)" }
        let scaled = Int((abs(number) * scale).rounded())
        let whole = String(scaled / Int(scale))
        let sign = number < 0 && scaled != 0 ? "-" : ""
        guard decimals > 0 else { return sign + whole }
        let fraction = String(scaled % Int(scale))
        return sign + whole + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// A share of 1 in percent.
    static func percent(_ share: Double, _ decimals: Int = 0) -> String { fixed(share * 100, decimals) + " %" }

    /// A duration in seconds: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "?" }
        if seconds < 10 { return fixed(seconds, 1) + " s" }
        let whole = Int(min(seconds, 1e12).rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        if whole < 172_800 { return "\(whole / 3600) h \(whole % 3600 / 60) min" }
        return "\(whole / 86_400) d \(whole % 86_400 / 3600) h"
    }

    /// A number of bytes: `512 B`, `1.5 KiB`, `20.0 MiB`.
    static func bytes(_ count: Int) -> String {
        var value = Double(count)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1024 { return fixed(value, unit == "B" ? 0 : 1) + " " + unit }
            value /= 1024
        }
        return fixed(value, 1) + " TiB"
    }
}
