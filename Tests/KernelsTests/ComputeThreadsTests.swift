import Synchronization
import Testing

@testable import Kernels

private final class Counters: Sendable {
    let inside = Atomic(0)
    let overlaps = Atomic(0)
}

private final class Counter: Sendable {
    let value = Atomic(0)
}

@Suite struct ComputeThreadsTests {
    @Test(arguments: [1, 2, 5]) func everyChunkRunsOnce(_ count: Int) throws {
        let threads = try ComputeThreads(count: count)
        for chunks in 0..<400 {
            let done = (0..<chunks).map { _ in Counter() }
            threads.share(chunks: chunks) { _, chunk in done[chunk].value.add(1, ordering: .relaxed) }
            #expect(done.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
        }
    }

    @Test(arguments: [1, 2, 5]) func membersAreDistinct(_ count: Int) throws {
        // Scratch memory is per member: two chunks of the same member must never run at the same time.
        let threads = try ComputeThreads(count: count)
        let busy = (0..<count).map { _ in Counter() }
        let overlaps = Atomic(0)
        for _ in 0..<2000 {
            threads.share(chunks: 3 * count) { member, _ in
                if busy[member].value.add(1, ordering: .relaxed).oldValue != 0 { overlaps.add(1, ordering: .relaxed) }
                busy[member].value.subtract(1, ordering: .relaxed)
            }
        }
        #expect(overlaps.load(ordering: .relaxed) == 0)
    }

    @Test func whatChunksWroteIsSeenAfterwards() throws {
        let threads = try ComputeThreads(count: 4)
        var values = [Int](repeating: 0, count: 64)
        for round in 1...2000 {
            values.withUnsafeMutableBufferPointer { buffer in
                let values = buffer.baseAddress
                threads.share(chunks: 64) { _, chunk in values?[chunk] += chunk }
            }
            #expect(values[63] == 63 * round)
        }
        #expect(values == (0..<64).map { $0 * 2000 })
    }

    @Test func callersTakeTurns() async throws {
        let threads = try ComputeThreads(count: 3)
        let counters = Counters()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<50 {
                        threads.share(chunks: 2) { _, chunk in
                            guard chunk == 0 else { return }
                            if counters.inside.add(1, ordering: .relaxed).oldValue != 0 {
                                counters.overlaps.add(1, ordering: .relaxed)
                            }
                            counters.inside.subtract(1, ordering: .relaxed)
                        }
                    }
                }
            }
        }
        #expect(counters.overlaps.load(ordering: .relaxed) == 0)
    }

    @Test func instructionSetsByName() throws {
        #expect(try InstructionSet.named("portable") == .portable)
        #expect(try InstructionSet.named("") == .best)
        let error = #expect(throws: KernelError.self) { try InstructionSet.named("mmx") }
        #expect(error?.code == "instruction_set")
        #expect(error?.description.contains("portable") == true)
    }
}
