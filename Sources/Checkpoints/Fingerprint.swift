/// FNV-1a with 64 bits: tells checkpoints apart, proves nothing. http://www.isthe.com/chongo/tech/comp/fnv/
struct Fingerprint {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    }

    mutating func add(_ integer: Int) {
        withUnsafeBytes(of: UInt64(integer).littleEndian) { add($0) }
    }

    /// The number.
    var value: UInt64 { state }

    /// 16 hexadecimal digits.
    var text: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
