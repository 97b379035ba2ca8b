public import Checkpoints
public import Kernels

extension Precision {
    /// What suits a model of which nothing is said: `exact` for floats; `fast` for quantised weights, which would
    /// otherwise take several times the room of their file. OpenBLAS has exact products alone.
    public init(suiting checkpoint: Checkpoint, family: KernelFamily = .own) {
        self = family == .own && checkpoint.allTensors.contains { $0.format.isQuantised } ? .fast : .exact
    }
}
