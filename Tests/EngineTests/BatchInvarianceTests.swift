import Generation
import Testing

@testable import Engine

/// A result depends on the request alone: not on the batch, the chunking of the prefill, the threads, preemption, or
/// whether a context was decoded or computed again. Compared bit for bit.
@Suite struct BatchInvarianceTests {
    private static let count = 64

    private func calm() async throws -> [Transcript] {
        let engine = try DemoPair.engine()
        var results: [Transcript] = []
        for (i, problem) in try DemoPair.problems(Self.count).enumerated() {
            results.append(try await Transcript.solve(problem, number: i + 1, on: engine))
        }
        await engine.shutDown()
        return results
    }

    private func together(_ limits: DemoPair.Limits) async throws -> (
        results: [Transcript], metrics: [String: ModelMetrics]
    ) {
        let engine = try DemoPair.engine(limits)
        let results = try await Transcript.solveAll(try DemoPair.problems(Self.count), on: engine)
        let metrics = engine.metrics
        await engine.shutDown()
        return (results, metrics)
    }

    @Test func aloneAndInABatchOfSixtyFour() async throws {
        let calm = try await calm()
        #expect(calm.allSatisfy { !$0.tokens.isEmpty })
        let (batched, metrics) = try await together(DemoPair.Limits())
        #expect(batched == calm)
        #expect((metrics["slm"]?.rowsPerPass ?? 0) > 4, "the batch never formed")
        for limits in [
            DemoPair.Limits(chunk: 1), DemoPair.Limits(chunk: 7), DemoPair.Limits(threads: 2, chunk: 64, rows: 100),
        ] {
            let (results, _) = try await together(limits)
            #expect(results == calm, "\(limits)")
        }
    }

    @Test func preemption() async throws {
        let calm = try await calm()
        let (results, metrics) = try await together(DemoPair.Limits(blocks: 90))
        #expect((metrics["llm"]?.preemptions ?? 0) > 0)
        #expect((metrics["slm"]?.preemptions ?? 0) > 0)
        #expect(results == calm)
    }

    @Test func resumedAtAnyStep() async throws {
        let engine = try DemoPair.engine()
        let problem = try DemoPair.problems(1)[0]
        let calm = try await Transcript.solve(problem, number: 1, on: engine)
        for step in 1..<calm.tokens.count {
            // A fresh engine, so that no cached prefix helps.
            let fresh = try DemoPair.engine()
            let resumed = try await Transcript.solve(problem, number: 1, on: fresh, steps: 0..<step)
            #expect(resumed == calm, "resumed after step \(step)")
            await fresh.shutDown()
        }
        await engine.shutDown()
    }

    /// OpenBLAS does not promise the same bits for every batch shape, so it is held to a tolerance.
    @Test func openBLASFamilyAgrees() async throws {
        var limits = DemoPair.Limits()
        limits.kernels = "openblas"
        let problem = try DemoPair.problems(1)[0]
        let (own, other) = (try DemoPair.engine(), try DemoPair.engine(limits))
        let (a, b) = (
            try await Transcript.solve(problem, number: 1, on: own),
            try await Transcript.solve(problem, number: 1, on: other)
        )
        #expect(a.tokens == b.tokens)
        for (x, y) in zip(a.entropies, b.entropies) { #expect(abs(x - y) < 1e-4) }
        await own.shutDown()
        await other.shutDown()
    }
}
