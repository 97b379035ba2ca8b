public import Checkpoints
public import Kernels
internal import Synchronization

/// A Llama, Qwen2 or Qwen3 model in memory: the forward pass over a ragged batch and a paged KV cache.
///
/// Immutable after loading. With the kernel family `own`, a token's logits depend on its own context alone, bit for bit:
/// not on the batch around it, the chunks of the prefill, the threads or the instruction set.
public final class Decoder: Sendable {
    /// The model's extents.
    public let shape: ModelShape
    /// Whose matrix products it uses.
    public let family: KernelFamily
    /// How its products treat weights and inputs.
    public let precision: Precision
    /// Which vector kernels it uses.
    public let instructionSet: InstructionSet
    private let weights: DecoderWeights
    /// The file of packed weights whose pages it shares with other processes; nil if the weights are its own.
    public let weightFile: String?
    private let weightBytes: Int
    /// Who computes.
    public let threads: ComputeThreads
    /// The vector kernels it computes with.
    public let kernels: VectorKernels
    private let normEpsilon: Float
    private let divisionLimits: WorkDivision.Limits
    private let sliceTokens: Int
    private let workspace: Mutex<Workspace>

    /// Packs the weights of a checkpoint into compute format, with all threads, or finds them packed.
    ///
    /// - Parameters:
    ///   - threads: who computes; several decoders may share them
    ///   - family: whose matrix products to use, for every batch shape
    ///   - precision: how to treat weights and inputs of products
    ///   - instructionSet: nil for `GLIMPQ_ISA` from the environment, else the best of this machine
    ///   - loading: where packed weights are kept, and who is told of progress
    ///
    /// Throws `KernelError` if the memory is refused or the instruction set is not available.
    public convenience init(
        checkpoint: Checkpoint, threads: ComputeThreads, family: KernelFamily, precision: Precision = .exact,
        instructionSet: InstructionSet? = nil, loading: WeightLoading = WeightLoading()
    ) throws {
        try self.init(
            checkpoint: checkpoint, threads: threads, family: family, precision: precision,
            instructionSet: instructionSet, divisionLimits: WorkDivision.Limits(), loading: loading)
    }

    init(
        checkpoint: Checkpoint, threads: ComputeThreads, family: KernelFamily, precision: Precision,
        instructionSet: InstructionSet?, divisionLimits: WorkDivision.Limits, sliceTokens: Int = LogitSlice.tokens,
        loading: WeightLoading = WeightLoading()
    ) throws {
        let set = try instructionSet ?? .fromEnvironment()
        shape = checkpoint.shape
        self.family = family
        self.precision = precision
        self.instructionSet = set
        self.threads = threads
        kernels = try VectorKernels(set)
        (weights, weightFile) = try DecoderWeights.load(
            checkpoint, threads: threads, family: family, precision: precision, loading)
        weightBytes = weights.byteCount
        normEpsilon = Float(checkpoint.configuration.normEpsilon)
        self.divisionLimits = divisionLimits
        self.sliceTokens = sliceTokens
        workspace = Mutex(Workspace(checkpoint.shape, rope: checkpoint.configuration.rope))
    }

    /// Writes the input embedding of a token, [hidden], to `target`.
    public func embed(_ token: Int32, into target: UnsafeMutablePointer<Float>) {
        precondition(token >= 0 && token < shape.vocabularySize, "token \(token) of \(shape.vocabularySize)")
        kernels.readRow(target, weights.view.embedding, row: Int(token))
    }

    /// Bytes of the weights in memory.
    public var weightByteCount: Int { weightBytes }

    /// Writes keys and values of every row into the cache, then computes what is asked of the flagged rows.
    ///
    /// One call at a time per cache; calls on one decoder take turns. Traps if the batch breaks the rules of
    /// `ForwardBatch`, a position exceeds the context length, a block table is too short, or the system refuses memory.
    public func forward(_ batch: ForwardBatch, cache: KeyValueCache, output: HeadOutput) {
        check(batch, cache: cache)
        guard batch.rows > 0 else { return output.finish(nil) }
        workspace.withLock { workspace in
            let context = plan(batch, &workspace)
            let division = WorkDivision(
                rowCosts: workspace.rowCosts, sequenceStarts: workspace.sequenceStarts, weightBytes: weightBytes,
                threads: threads.count, limits: divisionLimits)
            workspace.sequenceStarts.append(batch.rows)
            workspace.order.arrange(
                batch, sequenceStarts: workspace.sequenceStarts,
                bounds: division.kind == .outputs ? [0, batch.rows] : division.rowBounds)
            guard workspace.rotary.grow(to: context),
                output.begin(batch.demands, vocabulary: shape.vocabularySize, hidden: shape.hidden),
                let headMemory = workspace.headMemory(
                    rows: batch.logitRows.count, ranked: output.rankedTokens,
                    sliceTokens: sliceTokens, members: division.members),
                let buffers = workspace.buffers(rows: batch.rows, context: context, members: division.members),
                let cosines = workspace.rotary.cosines, let sines = workspace.rotary.sines
            else {
                preconditionFailure("the system refused memory for a batch of \(batch.rows) rows and \(context) tokens")
            }
            run(batch, cache, output, headMemory, context, workspace, buffers, division, cosines, sines)
        }
    }

    /// Fills the workspace's description of the rows and returns the longest context.
    private func plan(_ batch: ForwardBatch, _ workspace: inout Workspace) -> Int {
        workspace.rowBlocks.removeAll(keepingCapacity: true)
        workspace.sequenceStarts.removeAll(keepingCapacity: true)
        workspace.rowCosts.removeAll(keepingCapacity: true)
        var context = 0, nextLogit = 0
        let projection = shape.hidden * (shape.queryWidth + 2 * shape.keyValueWidth)
        let rest = shape.hidden * (shape.queryWidth + 3 * shape.intermediate)
        for row in 0..<batch.rows {
            let position = Int(batch.positions[row]), sequence = Int(batch.sequences[row])
            if row == 0 || batch.sequences[row] != batch.sequences[row - 1] { workspace.sequenceStarts.append(row) }
            let block = Int(batch.blockTableStarts[sequence]) + position / KeyValueCache.blockTokens
            workspace.rowBlocks.append(batch.blockTables[block])
            // Of a row whose distribution nobody wants, the last layer needs keys and values only.
            let afterProjection = rest + 2 * shape.queryWidth * (position + 1)
            var cost = shape.layers * projection + (shape.layers - 1) * afterProjection
            if nextLogit < batch.logitRows.count, Int(batch.logitRows[nextLogit]) == row {
                cost += afterProjection + shape.hidden * shape.vocabularySize
                nextLogit += 1
            }
            workspace.rowCosts.append(cost)
            context = max(context, position + 1)
        }
        return context
    }

    private func run(
        _ batch: ForwardBatch, _ cache: KeyValueCache, _ output: HeadOutput, _ headMemory: UnsafeMutableRawPointer,
        _ context: Int, _ workspace: Workspace, _ buffers: Workspace.Buffers, _ division: WorkDivision,
        _ cosines: UnsafePointer<Float>, _ sines: UnsafePointer<Float>
    ) {
        batch.withUnsafeRows { rows in
            workspace.rowBlocks.withUnsafeBufferPointer { rowBlocks in
                workspace.order.rows.withUnsafeBufferPointer { order in
                    guard let rowBlocks = rowBlocks.baseAddress, let order = order.baseAddress else { return }
                    workspace.order.flaggedRows.withUnsafeBufferPointer { flaggedOrder in
                        withHead(output, headMemory, picks: batch.picked, members: division.members) { head in
                            let pass = ForwardPass(
                                kernels: kernels, threads: threads, shape: shape, epsilon: normEpsilon,
                                weights: weights.view, cache: cache, strides: workspace.strides, buffers: buffers,
                                division: division, cosines: cosines, sines: sines,
                                rotaryStride: workspace.rotary.stride, batch: rows, rowBlocks: rowBlocks,
                                order: order, flaggedOrder: flaggedOrder, context: context, head: head)
                            pass.run()
                        }
                    }
                }
            }
        }
    }

    /// Calls `body` with the head's memory, and joins the results afterwards.
    private func withHead(
        _ output: HeadOutput, _ memory: UnsafeMutableRawPointer, picks: [Int32], members: Int,
        _ body: (HeadBuffers?) -> Void
    ) {
        let rows = output.begunRows
        output.places.withUnsafeBufferPointer { places in
            picks.withUnsafeBufferPointer { picks in
                var head: HeadBuffers?
                if rows > 0, let places = places.baseAddress {
                    head = HeadBuffers(
                        memory, rows: rows, vocabulary: shape.vocabularySize, sliceTokens: sliceTokens,
                        members: members, drawable: output.drawable, places: places, picks: picks,
                        kept: output.keptMemory)
                }
                body(head)
                output.finish(head)
            }
        }
    }
}
