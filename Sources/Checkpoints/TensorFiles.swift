/// The safetensors files of one checkpoint: `model.safetensors`, or shards listed in `model.safetensors.index.json`.
struct TensorFiles: Sendable {
    /// The mapped files in the order of their names.
    let files: [SafetensorsFile]
    /// All tensors by name.
    let tensors: [String: CheckpointTensor]

    /// Opens the files of a directory. Throws `CheckpointError`.
    init(directory: String) throws {
        let index = "\(directory)/model.safetensors.index.json"
        if MappedFile.exists(index) {
            (files, tensors) = try Self.sharded(JSONObject(file: MappedFile(path: index)), directory: directory)
        } else {
            let single = "\(directory)/model.safetensors"
            guard MappedFile.exists(single) else {
                throw CheckpointError.notACheckpoint(
                    path: directory, reason: "it has neither model.safetensors nor model.safetensors.index.json")
            }
            let file = try SafetensorsFile(path: single)
            (files, tensors) = ([file], file.tensors)
        }
    }

    private static func sharded(
        _ index: JSONObject, directory: String
    ) throws -> ([SafetensorsFile], [String: CheckpointTensor]) {
        guard let map = try index.object("weight_map") else {
            throw index.malformed("weight_map", "the key is missing")
        }
        var byFile: [String: SafetensorsFile] = [:]
        var tensors: [String: CheckpointTensor] = [:]
        for name in map.keys {
            guard let shard = try map.string(name) else { throw map.malformed(name, "expected a file name, got null") }
            guard !shard.isEmpty, !shard.contains("/"), !shard.contains("\0"), shard != ".", shard != ".." else {
                throw map.malformed(name, "expected the name of a file in the same directory, got '\(shard)'")
            }
            let file = try byFile[shard] ?? SafetensorsFile(path: "\(directory)/\(shard)")
            byFile[shard] = file
            guard let tensor = file.tensors[name] else {
                throw CheckpointError.missingTensor(path: "\(directory)/\(shard)", name: name)
            }
            tensors[name] = tensor
        }
        return (byFile.sorted { $0.key < $1.key }.map(\.value), tensors)
    }
}
