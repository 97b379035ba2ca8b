/// Why a checkpoint cannot be loaded. Every case names the file and the key or tensor.
public indirect enum CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The system could not open, size or map the file.
    case unreadable(file: String, reason: String)
    /// The path holds no checkpoint of a known kind.
    case notACheckpoint(path: String, reason: String)
    /// The bytes contradict the file format. `place` is a byte offset, a JSON path or a tensor.
    case malformed(file: String, place: String, reason: String)
    /// The file asks for something that this program does not compute.
    case unsupported(file: String, place: String, got: String, accepted: String)
    /// A tensor is absent.
    case missingTensor(path: String, name: String)
    /// The file asks for several things that this program does not compute.
    case several([CheckpointError])
    /// A tensor has another shape than the configuration says.
    case wrongShape(file: String, tensor: String, expected: [Int], got: [Int])

    /// Throws the errors, if there are any.
    static func throwAny(of errors: [CheckpointError]) throws(CheckpointError) {
        if errors.count == 1 { throw errors[0] }
        if !errors.isEmpty { throw .several(errors) }
    }

    /// A bounded label for metrics.
    public var code: String {
        switch self {
        case .unreadable: "checkpoint_unreadable"
        case .notACheckpoint: "not_a_checkpoint"
        case .malformed: "checkpoint_malformed"
        case .unsupported, .several: "checkpoint_unsupported"
        case .missingTensor: "tensor_missing"
        case .wrongShape: "tensor_shape"
        }
    }

    /// What is wrong, where, and what would be accepted.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .notACheckpoint(let path, let reason): "\(path): not a checkpoint: \(reason)"
        case .malformed(let file, let place, let reason): "\(file): \(place): \(reason)"
        case .unsupported(let file, let place, let got, let accepted):
            "\(file): \(place): \(got) is not supported; accepted: \(accepted)"
        case .missingTensor(let path, let name):
            "\(path): tensor '\(name)' is missing; the checkpoint is incomplete, or its configuration belongs to another model"
        case .several(let errors): errors.map(\.description).joined(separator: "\n")
        case .wrongShape(let file, let tensor, let expected, let got):
            "\(file): tensor '\(tensor)': expected shape \(expected) from the configuration, got \(got)"
        }
    }
}
