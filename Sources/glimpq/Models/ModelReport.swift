import Checkpoints
import Decoder
import Engine
import Foundation
import Kernels
import Tokenization

/// What a model holds, without loading it.
struct ModelReport {
    private let path: String
    private let checkpoint: Checkpoint
    private let tokenizer: Tokenizer
    private let template: PromptTemplate
    private let formats: WeightFormats
    private let memory: MemoryNeeds
    private let cached: CachedWeights?

    /// Opens a folder or a GGUF file.
    ///
    /// - Parameters:
    ///   - entry: What a pool file asks for; what it leaves open is chosen to suit the weights.
    ///   - sessions: For how many sessions memory is computed.
    ///   - cache: Where packed weights would be kept.
    /// - Throws: `CheckpointError`, `TokenizerError`, `PromptTemplateError`.
    init(
        path: String, entry: ModelPoolDescription.Model? = nil, sessions: Int = 1, cache: WeightCache? = nil
    ) throws {
        self.path = path
        checkpoint = try Checkpoint.open(path: path)
        tokenizer = try Tokenizer(of: checkpoint)
        template = try entry?.template.map(PromptTemplate.init(named:)) ?? PromptTemplate(detectedIn: tokenizer)
        formats = WeightFormats(checkpoint)
        let family = entry?.kernels.flatMap(KernelFamily.init(rawValue:)) ?? .own
        let precision = entry?.precision ?? Precision(suiting: checkpoint, family: family)
        cached = cache?.lookUp(checkpoint, family: family, precision: precision)
        memory = MemoryNeeds(
            checkpoint, family: family, precision: precision,
            cacheFormat: entry?.kvCacheType ?? KeyValueFormat(suiting: precision), sessions: sessions,
            maximumRows: entry?.maximumBatchTokens)
    }

    /// Bytes of the weights once loaded.
    var memoryBytes: Int { memory.weightBytes }

    /// One line.
    var summary: String {
        "\(checkpoint.configuration.architecture.rawValue), \(Figures.grouped(checkpoint.shape.parameterCount)) parameters, "
            + "about \(Figures.bytes(memoryBytes)) of weights, context \(Figures.grouped(checkpoint.shape.contextLength))"
            + (cached.map { $0.fault == nil ? ", packed in the weight cache" : "" } ?? "")
    }

    /// Whether the packed weights are kept somewhere, and where.
    private var cacheText: String {
        guard let cached else { return "none: weights are packed on every start" }
        if let fault = cached.fault { return "\(cached.path): \(fault); the next worker makes it" }
        return "\(cached.path), \(Figures.bytes(cached.byteCount))"
    }

    private var cacheJSON: String {
        guard let cached else { return "null" }
        return JSONText.object([
            ("path", JSONText.string(cached.path)), ("bytes", "\(cached.byteCount)"),
            ("usable", "\(cached.fault == nil)"),
        ])
    }

    private var endOfText: String {
        if checkpoint.endOfTextTokens.isEmpty { return "none is named" }
        return checkpoint.endOfTextTokens.map { id in
            "\(id) " + String(decoding: tokenizer.bytes(of: id), as: UTF8.self).debugDescription
        }.joined(separator: ", ")
    }

    private var tokenizerText: String {
        let kind = checkpoint.tokenizer.map { "byte-level BPE of kind \($0.preTokenizer ?? "unnamed"), in the file" }
        return "\(kind ?? "byte-level BPE, tokenizer.json"); \(Figures.grouped(tokenizer.count)) tokens, "
            + "\(tokenizer.addedTokens.count) of them added"
    }

    /// A line or lines for people and a member of a JSON object.
    private struct Row {
        let name: String
        let lines: [String]
        let key: String
        let json: String

        init(_ name: String, _ lines: [String], key: String? = nil, _ json: String) {
            self.name = name
            self.lines = lines
            self.key = key ?? name
            self.json = json
        }

        init(_ name: String, _ text: String, key: String? = nil, _ json: String? = nil) {
            self.init(name, [text], key: key, json ?? JSONText.string(text))
        }
    }

    private var rows: [Row] {
        let configuration = checkpoint.configuration
        let shape = checkpoint.shape, fileBytes = checkpoint.fileByteCount
        return [
            Row("architecture", configuration.architecture.rawValue),
            Row("parameters", Figures.grouped(shape.parameterCount), "\(shape.parameterCount)"),
            Row("layers", "\(shape.layers)", "\(shape.layers)"),
            Row("hidden", "\(shape.hidden)", "\(shape.hidden)"),
            Row("intermediate", "\(shape.intermediate)", "\(shape.intermediate)"),
            Row(
                "heads", "\(shape.heads) queries, \(shape.keyValueHeads) keys and values of \(shape.headDim)",
                "\(shape.heads)"),
            Row("vocabulary", "\(Figures.grouped(shape.vocabularySize)) rows", "\(shape.vocabularySize)"),
            Row("context", "\(Figures.grouped(shape.contextLength)) tokens", "\(shape.contextLength)"),
            Row(
                "output head", configuration.tiedEmbeddings ? "tied to the embedding" : "its own",
                key: "tied_embeddings", "\(configuration.tiedEmbeddings)"),
            Row(
                "rope", "theta \(configuration.rope.theta), scaling \(configuration.rope.scaling.name)",
                key: "rope_theta", "\(configuration.rope.theta)"),
            Row("tokenizer", tokenizerText),
            Row(
                "end of text", endOfText, key: "end_of_text",
                JSONText.array(checkpoint.endOfTextTokens.map { "\($0)" })),
            Row("template", template.family.rawValue),
            Row("on disk", Figures.bytes(fileBytes), key: "file_bytes", "\(fileBytes)"),
            Row("formats", formats.lines, formats.json),
            Row("weights", memory.weights, key: "weight_bytes", "\(memory.weightBytes)"),
            Row("weight cache", cacheText, key: "weight_cache", cacheJSON),
            Row("KV cache", memory.cache, key: "kv_bytes_per_token", "\(memory.bytesPerToken)"),
            Row("memory", memory.totals + ["of it " + memory.working], memory.json),
            Row("fingerprint", checkpoint.fingerprint),
        ]
    }

    /// Lines of name and value.
    func text(title: String, _ palette: Palette) -> String {
        let width = rows.map(\.name.count).max() ?? 0
        let lines = rows.flatMap { row in
            row.lines.enumerated().map { index, line in
                let name = index == 0 ? row.name : ""
                return "  " + palette.dim(name + String(repeating: " ", count: width - name.count)) + "  " + line
            }
        }
        return palette.bold(title) + "\n" + lines.joined(separator: "\n") + "\n"
    }

    /// One JSON object.
    func json(name: String) -> String {
        JSONText.object(
            [("name", JSONText.string(name)), ("path", JSONText.string(path))] + rows.map { ($0.key, $0.json) })
    }
}
