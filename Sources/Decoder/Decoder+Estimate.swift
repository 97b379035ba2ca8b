public import Checkpoints
public import Kernels

extension Decoder {
    /// How many bytes the weights of a checkpoint take in memory, without loading them. A tied output head counts once.
    public static func weightByteCount(
        of checkpoint: Checkpoint, family: KernelFamily = .own, precision: Precision
    ) -> Int {
        let vectors = checkpoint.allTensors.filter { $0.shape.count != 2 }
        return WeightLayout(checkpoint, family: family, precision: precision).byteCount
            + vectors.reduce(0) { $0 + $1.elementCount * MemoryLayout<Float>.stride }
    }
}
