import Foundation
import Testing

@testable import Checkpoints

@Suite struct JSONParserTests {
    static func parse(_ text: String) throws -> JSONValue {
        try Array(text.utf8).withUnsafeBytes { try JSONParser.parse($0) }
    }

    @Test func values() throws {
        #expect(
            try Self.parse(" [1, -2.5e-1, true, null, \"a\\u00e9\\ud83d\\ude00\\n\"] ")
                == .array([.integer(1), .number(-0.25), .bool(true), .null, .string("aé😀\n")]))
        #expect(try Self.parse("{\"a\":{},\"b\":[]}") == .object(["a": .object([:]), "b": .array([])]))
        #expect(try Self.parse("9223372036854775807") == .integer(.max))
        #expect(try Self.parse("9223372036854775808") == .number(9223372036854775808))
        #expect(try Self.parse(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) != .null)
    }

    @Test(arguments: [
        "", " ", "tru", "01", "1.", ".5", "-", "1e", "+1", "nan", "1e999", "\"", "\"\\x\"", "\"\\u12\"", "\"\\udc00\"",
        "[1,]", "[1 2]",
        "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "1 2", "[", "{\"a\":1", "{\"a\":1,\"a\":2}", "'a'",
    ])
    func refuses(_ text: String) {
        #expect(throws: JSONParser.Failure.self) { try Self.parse(text) }
    }

    @Test func refusesInvalidUTF8() {
        #expect(throws: JSONParser.Failure.self) {
            try [UInt8]([0x22, 0xff, 0x22]).withUnsafeBytes { try JSONParser.parse($0) }
        }
    }
}
