import Testing

@testable import Kernels

/// Rotary embedding, cache layout and attention of one sequence against double precision.
@Suite struct AttentionTests {
    static let shapes = [(1, 1, 2), (4, 2, 32), (7, 1, 20), (3, 3, 130)]
    static let cases = shapes.flatMap { heads, keyValueHeads, headDim in
        KeyValueFormat.allCases.map {
            AttentionCase(heads: heads, keyValueHeads: keyValueHeads, headDim: headDim, format: $0)
        }
    }

    @Test(arguments: cases, [false, true]) func theCacheHoldsRotatedKeysAndValues(_ test: AttentionCase, norms: Bool)
        throws
    {
        var test = test
        test.norms = norms
        let run = test.run(try VectorKernels(.best))
        let rounding = test.format == .float16 ? 0x1p-11 : 0x1p-22
        for token in 0..<test.tokens {
            for head in 0..<test.keyValueHeads {
                let (key, value) = test.cached(head, of: token, in: run)
                for (got, expected) in zip(key, test.head(test.heads + head, of: token)) {
                    #expect(abs(got - expected) <= rounding * abs(expected) + 4e-6)
                }
                for (got, expected) in zip(value, test.head(test.heads + test.keyValueHeads + head, of: token)) {
                    #expect(got == (test.format == .float16 ? Double(Float16(expected)) : expected))
                }
            }
        }
    }

    @Test(arguments: cases) func attentionOverTheCache(_ test: AttentionCase) throws {
        let run = test.run(try VectorKernels(.best))
        for token in 0..<test.tokens {
            for head in 0..<test.heads {
                let start = (token * (test.heads + 2 * test.keyValueHeads) + head) * test.headDim
                for (got, expected) in zip(run.projected[start..<start + test.headDim], test.head(head, of: token)) {
                    #expect(abs(Double(got) - expected) < 4e-6)
                }
            }
        }
        let worst = zip(run.output, test.attention(over: run)).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(worst < 1e-5)
    }

    @Test(arguments: cases) func sameBitsForAnyChunkAndInstructionSet(_ test: AttentionCase) throws {
        let expected = test.run(try VectorKernels(.best), .chunks(1))
        for set in InstructionSet.available {
            for call in [.chunks(1), .chunks(5), .chunks(16), .chunks(53), .reversed, .parts] as [AttentionCase.Call] {
                let run = test.run(try VectorKernels(set), call)
                #expect(run.output.bits == expected.output.bits, "\(set) \(call)")
                #expect(run.cache == expected.cache, "\(set) \(call)")
            }
        }
    }

    // MARK: Ranges of the context

    /// Contexts that end just before, at and after the borders of ranges.
    @Test(arguments: KeyValueFormat.allCases) func contextsOfSeveralRanges(_ format: KeyValueFormat) throws {
        let test = AttentionCase(
            heads: 3, keyValueHeads: 1, headDim: 6, tokens: 2 * Attention.range + 18, format: format)
        let run = test.run(try VectorKernels(.best))
        let borders = [Attention.range, 2 * Attention.range].flatMap { [$0 - 2, $0 - 1, $0, $0 + 1] }
        for token in borders + [test.tokens - 1] {
            let width = test.heads * test.headDim
            let expected = test.attention(over: run, tokens: token..<token + 1)
            let got = run.output[token * width..<(token + 1) * width]
            let worst = zip(got, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
            #expect(worst < 1e-5, "token \(token)")
        }
        for set in InstructionSet.available {
            let calls: [AttentionCase.Call] = set == .portable ? [.parts] : [.chunks(7), .reversed, .parts]
            for call in calls {
                #expect(test.run(try VectorKernels(set), call).output.bits == run.output.bits, "\(set) \(call)")
            }
        }
    }
}
