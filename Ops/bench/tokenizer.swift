// Times our tokenizer for Ops/bench/tokenizer, which compiles it together with Sources/Tokenization.
//
// usage: timing TOKENIZER.json ROUNDS TEXT…
// Prints the fastest load in seconds, then per text the fastest encoding in seconds, the number of tokens and a
// checksum of the ids (FNV-1a over their four bytes), one line each.

import Foundation

@main
enum Timing {
    static func main() throws {
        let arguments = CommandLine.arguments
        let rounds = Int(arguments[2]) ?? 1
        let file = URL(fileURLWithPath: arguments[1])
        var tokenizer = try Tokenizer(contentsOf: file)
        print(try fastest(rounds) { tokenizer = try Tokenizer(contentsOf: file) })
        for path in arguments.dropFirst(3) {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            var ids: [Int32] = []
            let seconds = fastest(rounds) { ids = tokenizer.encode(text, matchingSpecialTokens: true) }
            var checksum: UInt64 = 0xCBF2_9CE4_8422_2325
            for id in ids { checksum = (checksum ^ UInt64(UInt32(bitPattern: id))) &* 0x100_0000_01B3 }
            print(seconds, ids.count, checksum)
        }
    }

    private static func fastest(_ rounds: Int, _ body: () throws -> Void) rethrows -> Double {
        try (0..<rounds).map { _ in
            let clock = ContinuousClock()
            return try clock.measure(body) / .seconds(1)
        }.min() ?? 0
    }
}
