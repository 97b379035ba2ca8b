/// A checkpoint on disk, mapped and checked: every tensor that its configuration needs is there with the right shape.
public struct Checkpoint: Sendable {
    /// The folder or GGUF file.
    public let path: String
    /// What `config.json` or the metadata say.
    public let configuration: ModelConfiguration
    /// The extents, with the number of parameters.
    public let shape: ModelShape
    /// Tokens that end a text, ascending: `eos_token_id` of `generation_config.json`, else of `config.json`; in a GGUF
    /// file those of its metadata and the control tokens that llama.cpp takes for such ends.
    public let endOfTextTokens: [Int32]
    /// The tokenizer that a GGUF file carries; nil for a folder, which has a `tokenizer.json`.
    public let tokenizer: EmbeddedTokenizer?
    /// FNV-1a 64 over configuration, headers and file sizes, in hexadecimal. Tells checkpoints apart in records; not
    /// cryptographic.
    public let fingerprint: String
    /// Bytes of the weight files.
    public let fileByteCount: Int
    private let tensors: [TensorRole: CheckpointTensor]

    /// Opens a checkpoint: a folder with `config.json` and safetensors files in the layout of Hugging Face, a GGUF file,
    /// or a folder with one GGUF file, split or not. Throws `CheckpointError`.
    public static func open(path: String) throws -> Checkpoint {
        switch try CheckpointLocation(path: path) {
        case .folder(let folder): try Checkpoint(folder: folder)
        case .gguf(let file): try Checkpoint(gguf: file)
        }
    }

    init(
        path: String, configuration: ModelConfiguration, tensors: [TensorRole: CheckpointTensor],
        endOfTextTokens: [Int32], tokenizer: EmbeddedTokenizer?, fingerprint: Fingerprint, fileByteCount: Int
    ) {
        self.path = path
        self.configuration = configuration
        self.tensors = tensors
        shape = ModelShape(configuration, parameterCount: tensors.values.reduce(0) { $0 + $1.elementCount })
        self.endOfTextTokens = endOfTextTokens
        self.tokenizer = tokenizer
        self.fingerprint = fingerprint.text
        self.fileByteCount = fileByteCount
    }

    /// The tensor of that role; nil if the configuration has none. A tied output head is the embedding.
    public subscript(role: TensorRole) -> CheckpointTensor? {
        role == .outputHead && configuration.tiedEmbeddings ? tensors[.embedding] : tensors[role]
    }

    /// The tensors, in the order of their names.
    public var allTensors: [CheckpointTensor] { tensors.values.sorted { $0.name < $1.name } }

    /// The tensors by role.
    public var tensorsByRole: [TensorRole: CheckpointTensor] { tensors }

    /// Finds the tensor of every role that a configuration has, and refuses those that have none.
    ///
    /// - Parameters:
    ///   - tensors: The tensors of the files, by name.
    ///   - path: The checkpoint, for messages.
    ///   - name: What the files call the tensor of a role.
    ///   - isIgnored: Whether a tensor of that name may be there without a role.
    static func resolve(
        _ configuration: ModelConfiguration, tensors: [String: CheckpointTensor], path: String,
        name: (TensorRole) -> String, isIgnored: (String) -> Bool
    ) throws -> [TensorRole: CheckpointTensor] {
        var resolved: [TensorRole: CheckpointTensor] = [:]
        var known: Set<String> = []
        for (role, shape) in configuration.requiredTensors() {
            let name = name(role)
            guard let tensor = tensors[name] else { throw CheckpointError.missingTensor(path: path, name: name) }
            guard tensor.shape == shape else {
                throw CheckpointError.wrongShape(
                    file: tensor.file.path, tensor: name, expected: shape, got: tensor.shape)
            }
            resolved[role] = tensor
            known.insert(name)
        }
        if let other = tensors.values.filter({ !known.contains($0.name) && !isIgnored($0.name) })
            .min(by: { $0.name < $1.name })
        {
            throw CheckpointError.unsupported(
                file: other.file.path, place: "tensor '\(other.name)'",
                got: "a tensor that \(configuration.architecture.rawValue) does not use",
                accepted: "the tensors of the configuration")
        }
        return resolved
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
