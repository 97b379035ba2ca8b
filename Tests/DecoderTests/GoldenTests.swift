import Checkpoints
import Decoder
import Kernels
import Testing

/// Logits, entropies and greedy continuations against Hugging Face transformers.
@Suite struct GoldenTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let family: KernelFamily
        let instructionSet: InstructionSet
        var testDescription: String { "\(name), \(family), \(instructionSet)" }
    }

    static let cases = GoldenCheckpoint.names.flatMap { name in
        InstructionSet.available.map { Case(name: name, family: .own, instructionSet: $0) }
            + [Case(name: name, family: .openBLAS, instructionSet: .best)]
    }

    static let ggufCases = GoldenCheckpoint.ggufFiles.keys.sorted().flatMap { name in
        KernelFamily.allCases.map { Case(name: name, family: $0, instructionSet: .best) }
    }

    @Test(arguments: cases) func equalsTransformers(_ test: Case) throws {
        try expectGolden(test, GoldenCheckpoint.open(test.name))
    }

    @Test(arguments: ggufCases) func ggufEqualsTransformers(_ test: Case) throws {
        try expectGolden(test, GoldenCheckpoint.openGGUF(test.name))
    }

    /// The same numbers in both formats give the same bits.
    @Test(arguments: ["qwen2-tied", "qwen3-half"])
    func ggufEqualsFolder(name: String) throws {
        let tokens = try #require(GoldenCheckpoint.load(name).prompts.last).ids
        let rows = try [GoldenCheckpoint.open(name), GoldenCheckpoint.openGGUF(name)].map { checkpoint in
            try Decoder(checkpoint: checkpoint, threads: ComputeThreads(count: 1), family: .own, precision: .exact)
                .logits(of: tokens, chunk: tokens.count).map(\.bits)
        }
        #expect(rows[0] == rows[1])
    }

    @Test(arguments: GoldenCheckpoint.ggufFiles.keys.sorted(), KernelFamily.allCases)
    func memoryIsWhatWasForetold(name: String, family: KernelFamily) throws {
        let checkpoint = try GoldenCheckpoint.openGGUF(name)
        for precision in Precision.allCases {
            let decoder = try Decoder(
                checkpoint: checkpoint, threads: ComputeThreads(count: 1), family: family, precision: precision)
            let foretold = Decoder.weightByteCount(of: checkpoint, family: family, precision: precision)
            // Matrices side by side share the padding of their last panels; norms are counted too.
            #expect(abs(foretold - decoder.weightByteCount) * 8 < foretold, "\(precision): \(decoder.weightByteCount)")
        }
    }

    private func expectGolden(_ test: Case, _ checkpoint: Checkpoint) throws {
        let golden = try GoldenCheckpoint.load(test.name)
        let decoder = try Decoder(
            checkpoint: checkpoint, threads: ComputeThreads(count: 1), family: test.family,
            instructionSet: test.instructionSet)
        for prompt in golden.prompts {
            let rows = try decoder.logits(of: prompt.ids, chunk: prompt.ids.count)
            #expect(rows.map(\.indexOfMaximum) == prompt.argmax)
            let last = try #require(rows.last)
            let largest = prompt.logits.map(abs).max() ?? 0
            let difference = zip(last, prompt.logits).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference <= 1e-4 * largest, "relative difference \(difference / largest)")
            let statistics = try LogitStatistics(of: last)
            #expect(abs(statistics.entropy - prompt.entropy) < 1e-4)
            #expect(abs(statistics.logSumExp - prompt.logSumExp) < 1e-4 * Double(largest))
            #expect(try decoder.greedy(prompt.ids, count: prompt.greedy.count) == prompt.greedy)
            let hidden = try decoder.hidden(behind: prompt.ids)
            let widest = prompt.hidden.map(abs).max() ?? 0
            let gap = zip(hidden, prompt.hidden).map { abs($0 - $1) }.max() ?? .infinity
            #expect(hidden.count == prompt.hidden.count && gap <= 1e-4 * widest, "relative \(gap / widest)")
        }
    }

    @Test(arguments: GoldenCheckpoint.names) func fastProductsStayNear(_ name: String) throws {
        let golden = try GoldenCheckpoint.load(name)
        let decoder = try Decoder(
            checkpoint: GoldenCheckpoint.open(name), threads: ComputeThreads(count: 1), family: .own, precision: .fast)
        for prompt in golden.prompts {
            let last = try #require(try decoder.logits(of: prompt.ids, chunk: prompt.ids.count).last)
            let largest = prompt.logits.map(abs).max() ?? 0
            let difference = zip(last, prompt.logits).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference <= 2e-2 * largest, "relative difference \(difference / largest)")
        }
    }
}
