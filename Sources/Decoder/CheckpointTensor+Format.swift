internal import Checkpoints
internal import Kernels

extension CheckpointTensor {
    /// The kernels' name for the element type.
    var format: ElementFormat {
        switch elementType {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .q8_0: .q8_0
        case .q4_0: .q4_0
        case .q4_K: .q4_K
        case .q6_K: .q6_K
        case .q4_1: .q4_1
        case .q5_0: .q5_0
        case .q5_1: .q5_1
        case .q5_K: .q5_K
        }
    }

    /// All elements of a vector as float32, in the order of its shape.
    var floats: [Float] {
        let stored = withUnsafeBytes { widened($0, format: format) }
        var floats = stored
        for (index, element) in stored.enumerated() { floats[row(at: index)] = element }
        return floats
    }
}

extension ReservedMemory {
    /// Memory with a copy of the floats. Throws `KernelError.outOfMemory`.
    static func holding(_ floats: [Float]) throws -> ReservedMemory {
        let bytes = floats.count * MemoryLayout<Float>.stride
        guard let memory = ReservedMemory(byteCount: bytes) else {
            throw KernelError.outOfMemory(bytes: bytes, purpose: "norm weights")
        }
        memory.floats.update(from: floats, count: floats.count)
        return memory
    }
}
