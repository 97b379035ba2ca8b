import Foundation
import Testing

@testable import glimpq

@Suite struct LineReaderTests {
    /// The lines of a file with these bytes.
    private func lines(_ bytes: [UInt8]) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("glimpq-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        var reader = try LineReader(path: file.path)
        var result: [String] = []
        while let line = try reader.next() {
            #expect(line.number == result.count + 1)
            result.append(String(decoding: line.bytes, as: UTF8.self))
        }
        #expect(reader.bytesRead == bytes.count)
        #expect(try reader.next() == nil)
        return result
    }

    @Test func endsOfLines() throws {
        #expect(try lines([]) == [])
        #expect(try lines(Array("a\nb\n".utf8)) == ["a", "b"])
        #expect(try lines(Array("a\n\nb".utf8)) == ["a", "", "b"])
        #expect(try lines([0xEF, 0xBB, 0xBF] + Array("a\r\n".utf8)) == ["a\r"])
    }

    @Test func linesLongerThanABuffer() throws {
        let long = String(repeating: "x", count: 700_000)
        #expect(try lines(Array("\(long)\nshort\n\(long)".utf8)) == [long, "short", long])
    }

    @Test func refusesUTF16AndFolders() throws {
        #expect(throws: CommandFailure.self) { try lines([0xFF, 0xFE, 0x41, 0x00]) }
        #expect(throws: FileFailure.self) { _ = try LineReader(path: "/").name }
        #expect(throws: FileFailure.self) { _ = try LineReader(path: "/no/such/file").name }
    }

    @Test func placeOfIllFormedUTF8() {
        #expect(UTF8Check.firstFault(Array("añ€😀".utf8)) == nil)
        #expect(UTF8Check.firstFault([0x61, 0xC3]) == 1)
        #expect(UTF8Check.firstFault(Array("é".utf8) + [0x80, 0x61]) == 2)
        #expect(UTF8Check.firstFault([0xED, 0xA0, 0x80]) == 0)  // a surrogate
    }
}
