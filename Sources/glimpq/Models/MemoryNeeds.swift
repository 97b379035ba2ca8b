import Checkpoints
import Decoder
import Engine
import Kernels

/// About what a model takes in memory, computed from its shape.
struct MemoryNeeds {
    /// Sessions that the totals are for.
    let sessions: Int
    private let checkpoint: Checkpoint
    private let family: KernelFamily
    /// How the model would run.
    private let precision: Precision
    private let cacheFormat: KeyValueFormat
    /// Most tokens in a forward pass; nil for what a pool's models usually have.
    private let maximumRows: Int?

    init(
        _ checkpoint: Checkpoint, family: KernelFamily, precision: Precision, cacheFormat: KeyValueFormat,
        sessions: Int, maximumRows: Int? = nil
    ) {
        self.checkpoint = checkpoint
        self.family = family
        self.precision = precision
        self.cacheFormat = cacheFormat
        self.sessions = sessions
        self.maximumRows = maximumRows
    }

    /// Bytes of the weights.
    var weightBytes: Int { weightBytes(precision) }

    private func weightBytes(_ precision: Precision) -> Int {
        Decoder.weightByteCount(of: checkpoint, family: family, precision: precision)
    }

    /// Bytes of keys and values of one token in the format that the model would run with.
    var bytesPerToken: Int { bytesPerToken(cacheFormat) }

    private func bytesPerToken(_ format: KeyValueFormat) -> Int {
        KeyValueCache.bytesPerBlock(checkpoint.shape, format: format) / KeyValueCache.blockTokens
    }

    /// Lengths of context for which totals are given.
    private var contexts: [Int] {
        Set([min(4096, checkpoint.shape.contextLength), checkpoint.shape.contextLength]).sorted()
    }

    /// Bytes between the layers and of logits, with a thread per processor.
    private var workingBytes: Int {
        PoolMemory.workingBytes(checkpoint.shape, maximumRows: maximumRows, threads: availableProcessors())
    }

    private func total(_ context: Int) -> Int {
        weightBytes + workingBytes + PoolMemory.programBytes + sessions * context * bytesPerToken
    }

    /// What a worker needs beside weights and caches.
    var working: String {
        "\(Figures.bytes(workingBytes)) working memory, \(Figures.bytes(PoolMemory.programBytes)) the program itself"
    }

    /// What the weights take, by precision.
    var weights: String {
        if family == .openBLAS { return "\(Figures.bytes(weightBytes)) as float32" }
        return Precision.allCases.map { "\(Figures.bytes(weightBytes($0))) \($0.rawValue)" }.joined(separator: ", ")
    }

    /// What keys and values take, by format, and in the format that would be used by length of context.
    var cache: [String] {
        let perToken = KeyValueFormat.allCases.map { "\(Figures.bytes(bytesPerToken($0))) \($0.rawValue)" }
        return ["per token \(perToken.joined(separator: ", "))"]
            + contexts.map {
                "\(Figures.grouped($0)) tokens \(Figures.bytes($0 * bytesPerToken)) \(cacheFormat.rawValue)"
            }
    }

    /// Everything together, with keys and values of all sessions.
    var totals: [String] {
        contexts.map { context in
            "about \(Figures.bytes(total(context))) with \(sessions) \(sessions == 1 ? "session" : "sessions") of "
                + "\(Figures.grouped(context)) tokens (\(precision.rawValue), \(cacheFormat.rawValue))"
        }
    }

    /// All of it in bytes.
    var json: String {
        JSONText.object([
            ("weights", JSONText.object(Precision.allCases.map { ($0.rawValue, "\(weightBytes($0))") })),
            ("kv_per_token", JSONText.object(KeyValueFormat.allCases.map { ($0.rawValue, "\(bytesPerToken($0))") })),
            ("working", "\(workingBytes)"), ("program", "\(PoolMemory.programBytes)"),
            ("precision", JSONText.string(precision.rawValue)), ("kv_format", JSONText.string(cacheFormat.rawValue)),
            ("sessions", "\(sessions)"),
            (
                "totals",
                JSONText.array(
                    contexts.map { JSONText.object([("context", "\($0)"), ("bytes", "\(total($0))")]) })
            ),
        ])
    }
}
