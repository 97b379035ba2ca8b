import Checkpoints
import Kernels
import Testing

@testable import Decoder

/// Models with quantised weights computed with integers: near the exact result, and the same bits in any batch.
@Suite struct QuantisedTests {
    static let names = ["llama-q8_0", "qwen2-q4_0", "qwen3-q4_k_m"]

    struct Setting: CustomTestStringConvertible {
        let name: String
        let instructionSet: InstructionSet
        let threads: Int
        /// Forces a kind of division: .max weights count as small, 0 as large.
        let smallWeights: Int
        var testDescription: String {
            "\(name), \(instructionSet), \(threads) threads, \(smallWeights == 0 ? "outputs" : "rows") divided"
        }

        func decoder(_ precision: Precision) throws -> Decoder {
            try Decoder(
                checkpoint: GoldenCheckpoint.openGGUF(name), threads: ComputeThreads(count: threads), family: .own,
                precision: precision, instructionSet: instructionSet,
                divisionLimits: WorkDivision.Limits(smallWeights: smallWeights, smallWork: 0))
        }

        static func plain(_ name: String) -> Setting {
            Setting(name: name, instructionSet: .best, threads: 1, smallWeights: .max)
        }
    }

    static let settings = names.flatMap { name in
        InstructionSet.available.flatMap { set in
            [(1, Int.max), (2, 0), (3, .max)].map {
                Setting(name: name, instructionSet: set, threads: $0.0, smallWeights: $0.1)
            }
        }
    }

    static func tokens(_ count: Int, seed: UInt32, of name: String) throws -> [Int32] {
        let vocabulary = try GoldenCheckpoint.openGGUF(name).shape.vocabularySize
        return InvarianceTests.tokens(count, seed: seed, below: vocabulary)
    }

    @Test(arguments: names) func integersStayNearTheExactResult(_ name: String) throws {
        let tokens = try Self.tokens(100, seed: 5, of: name)
        let exact = try Setting.plain(name).decoder(.exact).logits(of: tokens, chunk: 100)
        let fast = try Setting.plain(name).decoder(.fast).logits(of: tokens, chunk: 100)
        var error: Float = 0, power: Float = 0
        for (exact, fast) in zip(exact, fast) {
            error += zip(exact, fast).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            power += exact.reduce(0) { $0 + $1 * $1 }
        }
        // Every input is within 0.4 % of its block's largest; wrong integers or scales are off by more than a tenth.
        #expect(error > 0)
        #expect((error / power).squareRoot() < 0.03)
    }

    @Test(arguments: names) func weightsStayAsSmallAsTheFile(_ name: String) throws {
        let exact = try Setting.plain(name).decoder(.exact), fast = try Setting.plain(name).decoder(.fast)
        #expect(fast.weightByteCount * 3 < exact.weightByteCount)
    }

    @Test(arguments: settings) func sameBitsInAnyChunkAndDivision(_ setting: Setting) throws {
        let tokens = try Self.tokens(90, seed: 7, of: setting.name)
        let expected = try Setting.plain(setting.name).decoder(.fast).logits(of: tokens, chunk: 1).map(\.bits)
        let decoder = try setting.decoder(.fast)
        for chunk in [1, 7, 64, 90] {
            #expect(try decoder.logits(of: tokens, chunk: chunk).map(\.bits) == expected, "chunks of \(chunk)")
        }
    }

    @Test(arguments: settings) func sameBitsBesideNeighbours(_ setting: Setting) throws {
        let decoder = try setting.decoder(.fast), plain = try Setting.plain(setting.name).decoder(.fast)
        let prompts = try (0..<20).map { try Self.tokens(1 + $0 * 7 % 23, seed: UInt32($0 + 1), of: setting.name) }
        let cache = try KeyValueCache(shape: decoder.shape, blockCount: 40, format: .float32)
        var batch = ForwardBatch()
        for (index, prompt) in prompts.enumerated() {
            var context = Context(blocks: [Int32(2 * index + 1), Int32(2 * index)])
            context.feed(prompt, to: &batch)
        }
        let rows = decoder.logits(batch, cache: cache).map(\.bits)
        for (index, prompt) in prompts.enumerated() {
            #expect(try rows[index] == plain.logits(of: prompt, chunk: 1).last?.bits, "sequence \(index)")
        }
    }
}
