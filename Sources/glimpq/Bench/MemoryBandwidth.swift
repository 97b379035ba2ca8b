import Kernels

/// Streaming read: the limit of every forward pass that has few rows, since it reads each weight once.
///
/// Every thread reads its own 256 MiB from end to end, in two streams as the kernels do; nothing is written.
struct MemoryBandwidth {
    private static let bytesPerThread = 256 << 20
    private let memory: ReservedMemory
    private let threads: ComputeThreads

    /// Takes the memory and touches all of it.
    ///
    /// - Throws: `KernelError` if threads or memory are refused.
    init(threads count: Int) throws {
        threads = try ComputeThreads(count: count)
        let bytes = count * Self.bytesPerThread
        guard let memory = ReservedMemory(byteCount: bytes) else {
            throw KernelError.outOfMemory(bytes: bytes, purpose: "measuring the memory bandwidth")
        }
        memory.start.initializeMemory(as: UInt8.self, repeating: 1, count: bytes)
        self.memory = memory
    }

    /// Reads everything once.
    func measure() -> Sample {
        let words = Self.bytesPerThread / MemoryLayout<SIMD8<UInt64>>.stride
        let base = memory.start.assumingMemoryBound(to: SIMD8<UInt64>.self)
        let clock = ContinuousClock()
        let start = clock.now
        threads.share(chunks: threads.count) { _, chunk in
            let first = base + chunk * words, second = first + words / 2
            var sums = (SIMD8<UInt64>(), SIMD8<UInt64>())
            for index in 0..<words / 2 {
                sums.0 ^= first[index]
                sums.1 ^= second[index]
            }
            // All words are equal and their number is even, so this never holds; the compiler cannot know.
            if sums.0 != sums.1 { first[0] = sums.0 }
        }
        return Sample(seconds: (clock.now - start) / .seconds(1), amount: threads.count * Self.bytesPerThread)
    }
}
