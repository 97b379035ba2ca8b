import Checkpoints
import Decoder
import Engine
import Foundation
import Kernels
import Tokenization

/// One model without an engine around it, for checks against other implementations.
final class ForwardModel {
    private let decoder: Decoder
    private let checkpoint: Checkpoint
    /// Rows per forward pass: bounds the memory for logits.
    private static let chunk = 64

    /// Loads a folder or a GGUF file.
    ///
    /// - Throws: `CheckpointError`, `KernelError`; ``CommandFailure`` for an unknown kernel family or precision.
    init(path: String, kernels: String, precision name: String?, threads: Int, weightCache: WeightCache? = nil) throws {
        guard let family = KernelFamily(rawValue: kernels) else {
            let names = KernelFamily.allCases.map(\.rawValue).joined(separator: " or ")
            throw CommandFailure(.usage, "--kernels: expected \(names), got \(kernels.debugDescription)")
        }
        let precision = try name.map { name in
            guard let precision = Precision(rawValue: name) else {
                let names = Precision.allCases.map(\.rawValue).joined(separator: " or ")
                throw CommandFailure(.usage, "--precision: expected \(names), got \(name.debugDescription)")
            }
            return precision
        }
        if family == .openBLAS, precision == .fast {
            throw CommandFailure(.usage, "--precision: openblas has no fast products; leave it out or say exact")
        }
        checkpoint = try Checkpoint.open(path: path)
        decoder = try Decoder(
            checkpoint: checkpoint, threads: ComputeThreads(count: threads), family: family,
            precision: precision ?? Precision(suiting: checkpoint, family: family),
            loading: WeightLoading(cache: weightCache))
    }

    /// Reads token ids separated by commas or blanks.
    ///
    /// - Throws: ``CommandFailure`` if one is no token of the model.
    func context(ids text: String) throws -> [Int32] {
        let ids = try text.split { $0 == "," || $0 == " " }.map { part in
            guard let id = Int32(part), (0..<decoder.shape.vocabularySize).contains(Int(id)) else {
                throw CommandFailure(
                    .usage,
                    "--ids: expected token ids in 0..<\(decoder.shape.vocabularySize), got \(String(part).debugDescription)"
                )
            }
            return id
        }
        guard !ids.isEmpty else { throw CommandFailure(.usage, "--ids: expected at least one token id, got none") }
        return ids
    }

    /// Encodes text with the checkpoint's tokenizer.
    ///
    /// - Throws: `TokenizerError`; ``CommandFailure`` if the text has no token.
    func context(text: String) throws -> [Int32] {
        let ids = try Tokenizer(of: checkpoint).encode(text, matchingSpecialTokens: true)
        guard !ids.isEmpty else {
            throw CommandFailure(.usage, "--text: expected text with at least one token, got none")
        }
        return ids
    }

    /// One line of JSON about a context.
    ///
    /// - Throws: ``CommandFailure`` if context and continuation exceed the model's window.
    func report(ids: [Int32], top: Int, greedy: Int, allPositions: Bool, logits sink: ByteSink? = nil) throws -> String
    {
        let limit = decoder.shape.contextLength
        guard ids.count + greedy <= limit else {
            throw CommandFailure(
                .usage, "--ids, --greedy: \(ids.count) + \(greedy) tokens do not fit the context of \(limit) tokens")
        }
        let blocks = (ids.count + greedy) / KeyValueCache.blockTokens + 1
        let cache = try KeyValueCache(shape: decoder.shape, blockCount: blocks, format: .float32)
        var rows: [LogitRow] = []
        for start in stride(from: 0, to: ids.count, by: Self.chunk) {
            let end = min(start + Self.chunk, ids.count)
            let wanted = allPositions ? end - start : end == ids.count ? 1 : 0
            rows += try forward(
                ids[start..<end], at: start, cache: cache, logitRows: wanted, top: top,
                sink: end == ids.count ? sink : nil)
        }
        guard let last = rows.last else { preconditionFailure("a context has a last position") }
        var members: [(name: String, value: String)] = [
            ("ids", JSONText.array(ids.map { "\($0)" })), ("vocab", "\(decoder.shape.vocabularySize)"),
            (
                "topk",
                JSONText.array(last.top.map { JSONText.array(["\($0.id)", JSONText.rounded(Double($0.logit))]) })
            ),
            ("entropy", JSONText.rounded(last.entropy)), ("logsumexp", JSONText.rounded(last.logSumExp)),
        ]
        if allPositions {
            members.append(("argmax", JSONText.array(rows.map { "\($0.best)" })))
            members.append(("entropies", JSONText.array(rows.map { JSONText.rounded($0.entropy) })))
        }
        let continuation = try continued(after: last.best, at: ids.count, count: greedy, cache: cache)
        members.append(("greedy", JSONText.array(continuation.map { "\($0)" })))
        return JSONText.object(members)
    }

    private func continued(after first: Int32, at position: Int, count: Int, cache: KeyValueCache) throws -> [Int32] {
        guard count > 0 else { return [] }
        var tokens = [first]
        while tokens.count < count {
            let context = tokens[(tokens.count - 1)...]
            let row = try forward(context, at: position + tokens.count - 1, cache: cache, logitRows: 1, top: 1)
            tokens.append(row[0].best)
        }
        return tokens
    }

    /// Runs a piece of the context and reads the logits of its last `logitRows` positions; those of the very last go to
    /// `sink` as little-endian float32.
    private func forward(
        _ tokens: ArraySlice<Int32>, at position: Int, cache: KeyValueCache, logitRows: Int, top: Int,
        sink: ByteSink? = nil
    ) throws -> [LogitRow] {
        var batch = ForwardBatch()
        batch.tokens = Array(tokens)
        batch.positions = (position..<position + tokens.count).map(Int32.init)
        batch.sequences = Array(repeating: 0, count: tokens.count)
        batch.logitRows = (tokens.count - logitRows..<tokens.count).map(Int32.init)
        batch.blockTables = (0..<Int32(cache.blockCount)).map { $0 }
        batch.blockTableStarts = [0, Int32(cache.blockCount)]
        batch.demands = (1...max(logitRows, 1)).prefix(logitRows).map {
            LogitDemand(topCount: top, wholeRow: sink != nil && $0 == logitRows)
        }
        let output = HeadOutput(drawable: decoder.shape.vocabularySize)
        decoder.forward(batch, cache: cache, output: output)
        if let sink { try sink.append(UnsafeRawBufferPointer(output.logits(logitRows - 1))) }
        return (0..<logitRows).map { LogitRow(output, $0) }
    }
}

/// What is reported of one row of logits.
struct LogitRow {
    /// The largest logits, best first; the smaller id goes first among equals.
    let top: [(id: Int32, logit: Float)]
    /// Shannon entropy in nats.
    let entropy: Double
    /// ln Σ e^logit.
    let logSumExp: Double
    /// The most probable token.
    let best: Int32

    init(_ output: HeadOutput, _ row: Int) {
        let statistics = output.statistics(row)
        entropy = statistics.isFinite ? statistics.entropy : .nan
        logSumExp = statistics.isFinite ? statistics.logSumExp : .nan
        top = output.top(row).map { ($0.token, $0.logit) }
        best = output.best(row).token
    }
}
