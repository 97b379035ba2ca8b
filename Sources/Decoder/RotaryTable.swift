internal import Kernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Cosines and sines by position, computed in double and grown as contexts get longer.
struct RotaryTable {
    private let frequencies: RotaryFrequencies
    private let limit: Int
    private var memory: ReservedMemory?
    private(set) var positions = 0
    /// Floats from one position to the next, a multiple of 16.
    let stride: Int

    init(_ frequencies: RotaryFrequencies, contextLength: Int) {
        self.frequencies = frequencies
        limit = contextLength
        stride = (frequencies.radians.count + 15) / 16 * 16
    }

    /// [positions][stride]
    var cosines: UnsafePointer<Float>? { memory.map { UnsafePointer($0.floats) } }
    /// [positions][stride]
    var sines: UnsafePointer<Float>? { memory.map { UnsafePointer($0.floats + positions * stride) } }

    /// Makes the table hold the positions below `count`, which is at most the context length. False if memory is refused.
    mutating func grow(to count: Int) -> Bool {
        guard count > positions else { return true }
        let capacity = min(max(count, 2 * positions, 256), limit)
        guard let memory = ReservedMemory(byteCount: 2 * capacity * stride * MemoryLayout<Float>.stride) else {
            return false
        }
        let cosines = memory.floats, sines = memory.floats + capacity * stride
        for position in 0..<capacity {
            for (index, radian) in frequencies.radians.enumerated() {
                let angle = Double(position) * radian
                cosines[position * stride + index] = Float(cos(angle) * frequencies.magnitude)
                sines[position * stride + index] = Float(sin(angle) * frequencies.magnitude)
            }
        }
        self.memory = memory
        positions = capacity
        return true
    }
}
