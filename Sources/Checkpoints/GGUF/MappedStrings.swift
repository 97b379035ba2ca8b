/// Strings that lie one after the other in a mapped file, each behind its length of 8 bytes. Nothing is built until
/// they are asked for.
public struct MappedStrings: Sendable {
    private let file: MappedFile
    private let range: Range<Int>
    /// How many there are.
    public let count: Int

    /// The range holds `count` strings exactly: the reader has walked over them.
    init(file: MappedFile, range: Range<Int>, count: Int) {
        self.file = file
        self.range = range
        self.count = count
    }

    /// The bytes of each string, in order, as slices of one copy of the file's range. They need not be UTF-8.
    public var slices: [ArraySlice<UInt8>] {
        let copy = [UInt8](file.bytes[range])
        var slices: [ArraySlice<UInt8>] = []
        slices.reserveCapacity(count)
        forEachRange { slices.append(copy[$0]) }
        return slices
    }

    /// Calls `body` with the number and the bytes of each string, in order. They need not be UTF-8.
    func forEach(_ body: (Int, UnsafeRawBufferPointer) -> Void) {
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[range])
        var index = 0
        withExtendedLifetime(file) {
            forEachRange {
                body(index, UnsafeRawBufferPointer(rebasing: bytes[$0]))
                index += 1
            }
        }
    }

    /// Calls `body` with the place of each string, counted from the start of the range.
    private func forEachRange(_ body: (Range<Int>) -> Void) {
        var position = range.lowerBound
        for _ in 0..<count {
            let length = file.bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let start = position + 8
            position = start + Int(UInt64(littleEndian: length))
            body(start - range.lowerBound..<position - range.lowerBound)
        }
    }
}
