/// Where to listen: `HOST:PORT`, `[IPV6]:PORT`, or `PORT` alone, which is loopback.
struct ListenAddress: Equatable {
    /// An address of an interface.
    let host: String
    /// Its port; 0 lets the system choose.
    let port: UInt16

    /// Reads an address.
    ///
    /// - Throws: ``CommandFailure``.
    init(_ text: String, setting: String) throws {
        let host: Substring
        let port: Substring
        if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        } else {
            (host, port) = ("127.0.0.1", text[...])
        }
        guard let number = UInt16(port), !host.isEmpty else {
            throw CommandFailure(
                .usage,
                "\(setting): expected HOST:PORT, [IPV6]:PORT or PORT, e.g. 127.0.0.1:9464 or 0.0.0.0:9464, got "
                    + text.debugDescription)
        }
        self.port = number
        switch host {
        case "localhost": self.host = "127.0.0.1"
        case "*": self.host = "0.0.0.0"
        default: self.host = String(host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host)
        }
    }
}
