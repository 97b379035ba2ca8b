import Checkpoints
import Decoder
import Foundation
import Kernels
import Tokenization

/// What a model folder holds, without loading it.
struct ModelReport {
    private let path: String
    private let checkpoint: Checkpoint
    private let tokenizer: Tokenizer
    private let precision: Precision
    private let cacheFormat: KeyValueFormat

    /// Opens a folder.
    ///
    /// - Parameters:
    ///   - precision: What a pool file asks for; `nil`: what suits the weights.
    ///   - cacheFormat: What a pool file asks for; `nil`: what suits the precision.
    /// - Throws: `CheckpointError`, `TokenizerError`.
    init(path: String, precision: Precision? = nil, cacheFormat: KeyValueFormat? = nil) throws {
        self.path = path
        checkpoint = try Checkpoint.open(path: path)
        tokenizer = try Tokenizer(contentsOf: URL(fileURLWithPath: path).appendingPathComponent("tokenizer.json"))
        let precision = precision ?? Precision(suiting: checkpoint)
        self.precision = precision
        self.cacheFormat = cacheFormat ?? KeyValueFormat(suiting: precision)
    }

    private var elementTypes: [(name: String, bytes: Int)] {
        var bytes: [String: Int] = [:]
        for tensor in checkpoint.allTensors { bytes[tensor.elementType.rawValue, default: 0] += tensor.byteCount }
        return bytes.sorted { $0.value > $1.value }.map { ($0.key, $0.value) }
    }

    private var fileBytes: Int { checkpoint.allTensors.reduce(0) { $0 + $1.byteCount } }

    /// Bytes of the weights once loaded: they stay as they are.
    var memoryBytes: Int { fileBytes }

    /// One line.
    var summary: String {
        "\(checkpoint.configuration.architecture.rawValue), \(Figures.grouped(checkpoint.shape.parameterCount)) parameters, "
            + "about \(Figures.bytes(memoryBytes)) of weights, context \(Figures.grouped(checkpoint.shape.contextLength))"
    }

    private var cacheBytesPerToken: Int {
        KeyValueCache.bytesPerBlock(checkpoint.shape, format: cacheFormat) / KeyValueCache.blockTokens
    }

    private var endOfText: String {
        checkpoint.endOfTextTokens.map { id in
            "\(id) " + String(decoding: tokenizer.bytes(of: id), as: UTF8.self).debugDescription
        }.joined(separator: ", ")
    }

    private var rows: [(name: String, text: String, json: String)] {
        let configuration = checkpoint.configuration
        let shape = checkpoint.shape
        let types = elementTypes.map { "\($0.name) \(Figures.bytes($0.bytes))" }.joined(separator: ", ")
        let template = PromptTemplate(detectedIn: tokenizer).family.rawValue
        let context = cacheBytesPerToken * shape.contextLength
        return [
            ("architecture", configuration.architecture.rawValue, JSONText.string(configuration.architecture.rawValue)),
            ("parameters", Figures.grouped(shape.parameterCount), "\(shape.parameterCount)"),
            ("layers", "\(shape.layers)", "\(shape.layers)"),
            ("hidden", "\(shape.hidden)", "\(shape.hidden)"),
            ("intermediate", "\(shape.intermediate)", "\(shape.intermediate)"),
            (
                "heads", "\(shape.heads) queries, \(shape.keyValueHeads) keys and values of \(shape.headDim)",
                "\(shape.heads)"
            ),
            ("vocabulary", "\(shape.vocabularySize) rows, \(tokenizer.count) tokens", "\(shape.vocabularySize)"),
            ("context", "\(Figures.grouped(shape.contextLength)) tokens", "\(shape.contextLength)"),
            (
                "output head", configuration.tiedEmbeddings ? "tied to the embedding" : "its own",
                "\(configuration.tiedEmbeddings)"
            ),
            (
                "rope", "theta \(configuration.rope.theta), scaling \(configuration.rope.scaling.name)",
                "\(configuration.rope.theta)"
            ),
            ("end of text", endOfText, JSONText.array(checkpoint.endOfTextTokens.map { "\($0)" })),
            ("template", template, JSONText.string(template)),
            ("precision", precision.rawValue, JSONText.string(precision.rawValue)),
            ("on disk", "\(Figures.bytes(fileBytes)) (\(types))", "\(fileBytes)"),
            ("in memory", "about \(Figures.bytes(memoryBytes)) of weights", "\(memoryBytes)"),
            (
                "KV cache",
                "\(cacheFormat.rawValue), \(Figures.bytes(cacheBytesPerToken)) per token, \(Figures.bytes(context)) per full context",
                "\(cacheBytesPerToken)"
            ),
            ("fingerprint", checkpoint.fingerprint, JSONText.string(checkpoint.fingerprint)),
        ]
    }

    private static let jsonNames = [
        "output head": "tied_embeddings", "rope": "rope_theta", "end of text": "end_of_text", "on disk": "file_bytes",
        "in memory": "weight_bytes", "KV cache": "kv_bytes_per_token",
    ]

    /// Lines of name and value.
    func text(title: String, _ palette: Palette) -> String {
        let width = rows.map(\.name.count).max() ?? 0
        let lines = rows.map { row in
            "  " + palette.dim(row.name + String(repeating: " ", count: width - row.name.count)) + "  " + row.text
        }
        return palette.bold(title) + "\n" + lines.joined(separator: "\n") + "\n"
    }

    /// One JSON object.
    func json(name: String) -> String {
        JSONText.object(
            [("name", JSONText.string(name)), ("path", JSONText.string(path))]
                + rows.map { (Self.jsonNames[$0.name] ?? $0.name, $0.json) })
    }
}
