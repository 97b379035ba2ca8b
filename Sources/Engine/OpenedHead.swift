import Checkpoints
import Heads

/// A head of a pool before it is loaded: its description fits its model.
struct OpenedHead {
    let name: String
    let path: String
    let description: HeadDescription

    /// Reads the description.
    ///
    /// - Throws: `CheckpointError` naming file and key.
    init(name: String, path: String, model: String, _ checkpoint: Checkpoint) throws {
        self.name = name
        self.path = path
        let file = "\(path)/head.json"
        description = try HeadDescription(path: file)
        let shape = checkpoint.shape
        guard description.hiddenSize == shape.hidden else {
            throw CheckpointError.malformed(
                file: file, place: "hidden_size",
                reason: "expected \(shape.hidden), the hidden size of model \(model), got \(description.hiddenSize)")
        }
        guard description.topLogits <= shape.vocabularySize else {
            throw CheckpointError.malformed(
                file: file, place: "top_logits",
                reason: "model \(model) has \(shape.vocabularySize) logits, got \(description.topLogits)")
        }
        if let base = description.base, let fingerprint = base.fingerprint, fingerprint != checkpoint.fingerprint {
            throw CheckpointError.malformed(
                file: file, place: "base.fingerprint",
                reason:
                    "trained on \(base.name) of \(fingerprint); model \(model) has \(checkpoint.fingerprint)")
        }
    }
}
