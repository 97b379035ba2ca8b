#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is known about the terminal behind a stream.
struct Terminal: Equatable {
    /// Whether a person reads the stream.
    let isInteractive: Bool
    /// Whether to use colour: on a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    let usesColour: Bool
    /// Width in characters; 80 where there is no terminal.
    let columns: Int
    /// Height in lines; 24 where there is no terminal.
    let rows: Int

    /// Looks at a descriptor.
    init(descriptor: Int32) {
        isInteractive = isatty(descriptor) == 1
        let disabled = Self.variable("NO_COLOR").map { !$0.isEmpty } ?? false
        usesColour = isInteractive && !disabled && Self.variable("TERM") != "dumb"
        var size = winsize()
        let known = isInteractive && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20
        columns = known ? Int(size.ws_col) : 80
        rows = known && size.ws_row > 2 ? Int(size.ws_row) : 24
    }

    /// Standard output.
    static let output = Terminal(descriptor: 1)
    /// Standard error, where progress goes.
    static let error = Terminal(descriptor: 2)

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
