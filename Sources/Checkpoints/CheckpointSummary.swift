/// What `glimpq models show` prints of a checkpoint.
public struct CheckpointSummary: Sendable, Hashable {
    /// One tensor of the files.
    public struct Tensor: Sendable, Hashable {
        /// Name in the file.
        public let name: String
        /// Element type: F32, F16 or BF16.
        public let elementType: String
        /// Extents, slowest first.
        public let shape: [Int]
    }

    /// The directory.
    public let path: String
    /// The model family.
    public let architecture: Architecture
    /// The extents, with the number of parameters.
    public let shape: ModelShape
    /// Element types of the weights, ascending.
    public let elementTypes: [String]
    /// Tensors in the order of their names.
    public let tensors: [Tensor]
    /// Bytes of the weight files.
    public let bytesOnDisk: Int
    /// Bytes of the weights after loading: bfloat16 stays, float16 becomes float32.
    public let bytesInMemory: Int
    /// Bytes of keys and values for one token, in float32.
    public let cacheBytesPerToken: Int
    /// The output head is the embedding.
    public let tiedEmbeddings: Bool
    /// Rotary embedding.
    public let rope: RopeConfiguration
    /// Tokens that end a text.
    public let endOfTextTokens: [Int32]
    /// Tells checkpoints apart.
    public let fingerprint: String

    /// Describes an open checkpoint.
    public init(_ checkpoint: Checkpoint) {
        let all = checkpoint.allTensors, shape = checkpoint.shape
        path = checkpoint.path
        architecture = checkpoint.configuration.architecture
        self.shape = shape
        elementTypes = Set(all.map(\.elementType.rawValue)).sorted()
        tensors = all.map { Tensor(name: $0.name, elementType: $0.elementType.rawValue, shape: $0.shape) }
        bytesOnDisk = checkpoint.files.files.reduce(0) { $0 + $1.file.bytes.count }
        bytesInMemory = all.reduce(0) { $0 + $1.elementCount * ($1.elementType == .bfloat16 ? 2 : 4) }
        cacheBytesPerToken = 2 * 4 * shape.layers * shape.keyValueWidth
        tiedEmbeddings = checkpoint.configuration.tiedEmbeddings
        rope = checkpoint.configuration.rope
        endOfTextTokens = checkpoint.endOfTextTokens
        fingerprint = checkpoint.fingerprint
    }
}
