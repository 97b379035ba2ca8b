internal import Checkpoints
internal import Kernels

/// The tensors of a `head.safetensors`, checked against the description.
struct HeadTensors {
    private let tensors: [String: CheckpointTensor]
    private let path: String

    /// Maps the file; every tensor is there in float32 with its shape, and no other. Throws `CheckpointError`.
    init(path: String, for description: HeadDescription) throws {
        let file = try SafetensorsFile(path: path)
        tensors = file.tensors
        self.path = path
        var known: Set<String> = []
        for (name, shape) in description.tensors {
            guard let tensor = tensors[name] else {
                throw CheckpointError.malformed(
                    file: path, place: "tensor '\(name)'",
                    reason: "is missing; head.json describes one of shape \(shape)")
            }
            guard tensor.shape == shape else {
                throw CheckpointError.malformed(
                    file: path, place: "tensor '\(name)'",
                    reason: "expected shape \(shape) from head.json, got \(tensor.shape)")
            }
            guard tensor.elementType == .float32 else {
                throw CheckpointError.unsupported(
                    file: path, place: "tensor '\(name)'", got: tensor.elementType.rawValue, accepted: "F32")
            }
            known.insert(name)
        }
        if let stray = tensors.keys.filter({ !known.contains($0) }).min() {
            throw CheckpointError.malformed(
                file: path, place: "tensor '\(stray)'", reason: "head.json describes no such tensor")
        }
    }

    /// A tensor that the description names.
    subscript(name: String) -> CheckpointTensor {
        get throws {
            guard let tensor = tensors[name] else { throw CheckpointError.missingTensor(path: path, name: name) }
            return tensor
        }
    }

    /// All elements of a vector.
    func floats(_ name: String) throws -> [Float] {
        try self[name].withUnsafeBytes { widened($0, format: .float32) }
    }
}
