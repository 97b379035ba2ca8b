internal import Checkpoints
internal import Kernels

extension CheckpointTensor {
    /// The kernels' name for the element type.
    var format: ElementFormat {
        switch elementType {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        }
    }

    /// All elements as float32.
    var floats: [Float] { withUnsafeBytes { widened($0, format: format) } }
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
