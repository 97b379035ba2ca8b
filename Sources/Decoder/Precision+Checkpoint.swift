public import Checkpoints
public import Kernels

extension Precision {
    /// What suits a model of which nothing is said: `exact` for floats; `fast` for quantised weights, which would
    /// otherwise take several times the room of their file.
    public init(suiting checkpoint: Checkpoint) {
        self = checkpoint.allTensors.contains { $0.format.isQuantised } ? .fast : .exact
    }
}
