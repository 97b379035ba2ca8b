/// A checkpoint on disk, mapped and checked: every tensor that its configuration needs is there with the right shape.
public struct Checkpoint: Sendable {
    /// The directory.
    public let path: String
    /// What `config.json` says.
    public let configuration: ModelConfiguration
    /// The extents, with the number of parameters.
    public let shape: ModelShape
    /// Tokens that end a text, ascending: `eos_token_id` of `generation_config.json`, else of `config.json`.
    public let endOfTextTokens: [Int32]
    /// FNV-1a 64 over `config.json`, the safetensors headers and the file sizes, in hexadecimal. Tells checkpoints apart
    /// in records; not cryptographic.
    public let fingerprint: String
    private let tensors: [TensorRole: CheckpointTensor]
    let files: TensorFiles

    /// Opens a directory with `config.json` and safetensors files in the layout of Hugging Face. Throws `CheckpointError`.
    public static func open(path: String) throws -> Checkpoint { try Checkpoint(directory: path) }

    private init(directory: String) throws {
        try Self.refuseOtherFormats(directory)
        let configFile = try MappedFile(path: "\(directory)/config.json")
        let config = try JSONObject(file: configFile)
        path = directory
        configuration = try ModelConfiguration(config: config)
        files = try TensorFiles(directory: directory)
        tensors = try Self.resolve(configuration, files: files, directory: directory)
        shape = ModelShape(configuration, parameterCount: tensors.values.reduce(0) { $0 + $1.elementCount })
        endOfTextTokens = try Self.endOfText(config, directory: directory, vocabulary: configuration.vocabularySize)
        var fingerprint = Fingerprint()
        fingerprint.add(configFile.bytes)
        for file in files.files {
            fingerprint.add(file.file.bytes[file.headerRange])
            fingerprint.add(file.file.bytes.count)
        }
        self.fingerprint = fingerprint.text
    }

    /// The tensor of that role; nil if the configuration has none. A tied output head is the embedding.
    public subscript(role: TensorRole) -> CheckpointTensor? {
        role == .outputHead && configuration.tiedEmbeddings ? tensors[.embedding] : tensors[role]
    }

    /// The tensors, in the order of their names.
    public var allTensors: [CheckpointTensor] { tensors.values.sorted { $0.name < $1.name } }

    private static func refuseOtherFormats(_ path: String) throws {
        guard !path.hasSuffix(".gguf") else {
            throw CheckpointError.unsupported(
                file: path, place: "file format", got: "GGUF",
                accepted: "a directory with config.json and safetensors files (F32, F16, BF16)")
        }
        guard MappedFile.exists(path) else { throw CheckpointError.unreadable(file: path, reason: "no such directory") }
        guard MappedFile.exists("\(path)/config.json") else {
            throw CheckpointError.notACheckpoint(path: path, reason: "it is not a directory with a config.json")
        }
    }

    private static func resolve(
        _ configuration: ModelConfiguration, files: TensorFiles, directory: String
    ) throws -> [TensorRole: CheckpointTensor] {
        // Checkpoints saved without their output head lack the prefix.
        let prefix = files.tensors["model.embed_tokens.weight"] != nil ? "model." : ""
        var tensors: [TensorRole: CheckpointTensor] = [:]
        var known: Set<String> = []
        for (role, shape) in configuration.requiredTensors() {
            let name = role == .outputHead ? role.name : prefix + role.name
            guard let tensor = files.tensors[name] else {
                throw CheckpointError.missingTensor(path: directory, name: name)
            }
            guard tensor.shape == shape else {
                throw CheckpointError.wrongShape(
                    file: tensor.file.path, tensor: name, expected: shape, got: tensor.shape)
            }
            tensors[role] = tensor
            known.insert(name)
        }
        for (name, tensor) in files.tensors where !known.contains(name) {
            // Old files carry the rotary table, tied ones sometimes a second copy of the embedding.
            if name.hasSuffix(".rotary_emb.inv_freq") || name == TensorRole.outputHead.name { continue }
            throw CheckpointError.unsupported(
                file: tensor.file.path, place: "tensor '\(name)'",
                got: "a tensor that \(configuration.architecture.rawValue) does not use",
                accepted: "the tensors of the configuration")
        }
        return tensors
    }

    private static func endOfText(_ config: JSONObject, directory: String, vocabulary: Int) throws -> [Int32] {
        let key = "eos_token_id"
        var tokens = try config.integers(key, in: 0...vocabulary - 1)
        let generation = "\(directory)/generation_config.json"
        if MappedFile.exists(generation) {
            tokens = try JSONObject(file: MappedFile(path: generation)).integers(key, in: 0...vocabulary - 1) ?? tokens
        }
        return Set(tokens ?? []).sorted().map(Int32.init)
    }
}

extension ModelShape {
    init(_ configuration: ModelConfiguration, parameterCount: Int) {
        self.init(
            layers: configuration.layers, hidden: configuration.hidden, heads: configuration.heads,
            keyValueHeads: configuration.keyValueHeads, headDim: configuration.headDim,
            intermediate: configuration.intermediate, vocabularySize: configuration.vocabularySize,
            contextLength: configuration.contextLength, parameterCount: parameterCount)
    }
}
