public import Checkpoints
public import Kernels

extension Decoder {
    /// About how many bytes the weights of a checkpoint take in memory, without loading them. A tied output head counts
    /// once.
    public static func weightByteCount(
        of checkpoint: Checkpoint, family: KernelFamily = .own, precision: Precision
    ) -> Int {
        checkpoint.allTensors.reduce(0) { sum, tensor in
            guard tensor.shape.count == 2 else { return sum + tensor.elementCount * MemoryLayout<Float>.stride }
            return sum
                + PackedMatrix.byteCount(
                    outputs: tensor.shape[0], inputs: tensor.shape[1],
                    format: family == .own ? tensor.format : .float32, precision: precision)
        }
    }
}
