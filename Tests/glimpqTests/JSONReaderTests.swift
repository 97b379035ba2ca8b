import Foundation
import Testing

@testable import glimpq

@Suite struct JSONReaderTests {
    @Test(arguments: [
        "null", "true", " false ", "0", "-0.5e+10", "\"\"", "[]", "{}", "[1,[2,{\"a\":null}]]", "{\"a\":{\"b\":[]}}",
        "\"\\u00e9\\ud83d\\ude00\\n\\/\"", "123456789012345678901234567890", "1e-5", "\"\u{7F}\"",
    ])
    func accepts(_ text: String) throws {
        _ = try JSONReader.parse(Array(text.utf8))
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "01", "-", "1.", ".5", "1e", "+1", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\t\"", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "[1]x", "'a'",
        "NaN",
        "1e9999", "1e-9999", "{\"a\":1", "[[", "\"\\ud800\\u0041\"",
    ])
    func refuses(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONReader.parse(Array(text.utf8)) }
    }

    @Test func namesTheColumn() throws {
        let error = #expect(throws: JSONSyntaxError.self) { try JSONReader.parse(Array(#"{"a": tru}"#.utf8)) }
        #expect(error?.description == "column 7: expected a JSON value")
    }

    @Test func keepsPartsAsTheyWereWritten() throws {
        let line = Array(#"{"p": { "tau" : 1e-1 },"q":[1 ,2]}"#.utf8)
        let node = try JSONReader.parse(line)
        let p = try #require(node["p"])
        #expect(String(decoding: line[p.range], as: UTF8.self) == #"{ "tau" : 1e-1 }"#)
        let q = try #require(node["q"])
        #expect(String(decoding: line[q.range], as: UTF8.self) == "[1 ,2]")
    }

    @Test func boundsNesting() throws {
        let deep = String(repeating: "[", count: 190) + String(repeating: "]", count: 190)
        _ = try JSONReader.parse(Array(deep.utf8))
        let abyss = String(repeating: "[", count: 1_000_000)
        #expect(throws: JSONSyntaxError.self) { try JSONReader.parse(Array(abyss.utf8)) }
    }

    /// Foundation is the other opinion: whatever we accept, it reads as the same strings.
    @Test func stringsAgreeWithFoundation() throws {
        var generator = SplitMix(state: 7)
        for _ in 0..<2_000 {
            let scalars = (0..<Int.random(in: 0...8, using: &generator)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...0x1_1000, using: &generator))
            }.filter { $0 != "\u{FEFF}" }  // Foundation drops it
            let text = String(String.UnicodeScalarView(scalars))
            let encoded = try JSONSerialization.data(withJSONObject: [text])
            guard case .array(let parts) = try JSONReader.parse(Array(encoded)).value else {
                Issue.record("not an array: \(text.debugDescription)")
                continue
            }
            #expect(parts.first?.string == text)
            let ours = try JSONSerialization.jsonObject(with: Data("[\(JSONText.string(text))]".utf8)) as? [String]
            #expect(ours == [text])
        }
    }

    /// Whatever the bytes, the reader returns or throws.
    @Test func survivesMutations() {
        var generator = SplitMix(state: 11)
        let seed = Array(#"{"a":[1,-2.5e3,"x\u00e9\n"],"b":{"c":null,"d":true}}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes[place...].prefix(3), at: place)
                }
            }
            _ = try? JSONReader.parse(bytes)
        }
    }
}

/// SplitMix64, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
