import Decoder
import Foundation
import Kernels
import Testing

@testable import Engine

@Suite struct MemoryPlanTests {
    private func demand(_ name: String, weights: Int, block: Int, context: Int = 100, cache: Int? = nil)
        -> MemoryPlan.Demand
    {
        MemoryPlan.Demand(
            name: name, weightBytes: weights << 20, scratchBytes: 1 << 20, blockBytes: block, contextBlocks: context,
            cacheBytes: cache.map { $0 << 20 })
    }

    private func budget(_ mebibytes: Int) -> MemoryBudget { MemoryBudget(bytes: mebibytes << 20, origin: "a test") }

    @Test func whatTheWeightsLeaveGivesBothModelsRoomForTheSameText() throws {
        let plan = try MemoryPlan(
            [
                demand("slm", weights: 10, block: 1 << 16, context: 10_000),
                demand("llm", weights: 100, block: 3 << 16, context: 10_000),
            ], budget: budget(1000))
        #expect(plan.blocks[0] == plan.blocks[1])
        // 1000 − 48 for the program − 110 of weights − 2 of working memory, a quarter MiB for a block of both.
        #expect(plan.blocks[0] == (1000 - 48 - 112) * 4)
        #expect(plan.bytes <= 1000 << 20 && plan.bytes > 999 << 20)
    }

    @Test func aStatedCacheIsKeptAndTheOthersShareTheRest() throws {
        let plan = try MemoryPlan(
            [demand("a", weights: 1, block: 1 << 20, cache: 20), demand("b", weights: 1, block: 1 << 20)],
            budget: budget(200))
        #expect(plan.blocks == [20, 200 - 48 - 4 - 20])
    }

    @Test func noMoreThanSixtyFourFullContexts() throws {
        let plan = try MemoryPlan([demand("a", weights: 1, block: 1 << 10, context: 3)], budget: budget(4000))
        #expect(plan.blocks == [192])
    }

    @Test func weightsThatDoNotFitAreRefusedWithAllNumbers() throws {
        let error = try #require(throws: ModelPoolError.self) {
            try MemoryPlan([demand("large", weights: 900, block: 1 << 20)], budget: budget(500))
        }
        #expect(error.code == "not_enough_memory")
        // 900 + 1 + 16 + 48 = 965
        let expected = """
            the models need 965 MiB and may take 500: large: weights 900, working memory 1, KV cache at least 16; the \
            program itself: 48 (MiB)
            """
        #expect(error.description.hasPrefix(expected), "\(error)")
        #expect(error.description.contains("memory_mib"))
    }

    @Test(arguments: ["slm", "llm"]) func theWeightsTakeWhatWasForetold(name: String) throws {
        let threads = try ComputeThreads(count: 1)
        for family in KernelFamily.allCases {
            let opened = try OpenedModel(
                name: name, path: DemoPair.folder.appendingPathComponent(name).path,
                entry: ModelPoolDescription.Model(path: name, kernels: family.rawValue))
            let foretold = opened.demand(threads: 1).weightBytes
            let taken = try LoadedModel(opened, blocks: 1, threads: threads).decoder.weightByteCount
            let ratio = Double(foretold) / Double(taken)
            #expect(ratio > 0.97 && ratio < 1.05, "\(family): \(foretold) foretold, \(taken) taken")
        }
    }
}
