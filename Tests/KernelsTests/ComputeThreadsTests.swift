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
    @Test(arguments: [1, 2, 5]) func everyMemberRunsOnce(_ count: Int) throws {
        let threads = try ComputeThreads(count: count)
        let calls = Mutex([Int]())
        for _ in 0..<200 {
            calls.withLock { $0.removeAll() }
            threads.run { member in calls.withLock { $0.append(member) } }
            #expect(calls.withLock { $0.sorted() } == Array(0..<count))
        }
    }

    @Test(arguments: [1, 2, 5]) func everyChunkRunsOnce(_ count: Int) throws {
        let threads = try ComputeThreads(count: count)
        for chunks in 0..<400 {
            let done = (0..<chunks).map { _ in Counter() }
            threads.share(chunks: chunks) { _, chunk in done[chunk].value.add(1, ordering: .relaxed) }
            #expect(done.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
        }
    }

    @Test func bothKindsOfWorkInTurn() throws {
        // A member that is late for one job must neither miss nor repeat the next.
        let threads = try ComputeThreads(count: 4)
        let calls = Atomic(0), chunks = Atomic(0)
        for round in 1...3000 {
            threads.share(chunks: round % 7) { _, _ in chunks.add(1, ordering: .relaxed) }
            threads.run { _ in
                calls.add(1, ordering: .relaxed)
                if round % 3 == 0 { threads.barrier() }
            }
            #expect(calls.load(ordering: .relaxed) == round * 4)
        }
        #expect(chunks.load(ordering: .relaxed) == (1...3000).reduce(0) { $0 + $1 % 7 })
    }

    @Test(arguments: [1, 2, 5]) func barrierSeparatesPhases(_ count: Int) throws {
        let threads = try ComputeThreads(count: count)
        let arrived = Atomic(0), violations = Atomic(0)
        threads.run { _ in
            for phase in 1...500 {
                arrived.add(1, ordering: .relaxed)
                threads.barrier()
                if arrived.load(ordering: .relaxed) < phase * count { violations.add(1, ordering: .relaxed) }
                threads.barrier()
            }
        }
        #expect(violations.load(ordering: .relaxed) == 0)
        #expect(arrived.load(ordering: .relaxed) == 500 * count)
    }

    @Test func callersTakeTurns() async throws {
        let threads = try ComputeThreads(count: 3)
        let counters = Counters()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<50 {
                        threads.run { member in
                            guard member == 0 else { return }
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
