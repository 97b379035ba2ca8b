#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif
internal import Checkpoints
public import Kernels
internal import Synchronization

/// A small network that reads a decoder's last hidden state, and what else its description says, and gives one number:
/// a router, a reward model, a probe. Immutable after loading.
///
/// A row's value is the same bits whatever other rows are beside it, the threads and the instruction set.
public final class Head: Sendable {
    /// What it reads and how wide it is.
    public let description: HeadDescription
    private let kernels: VectorKernels
    private let threads: ComputeThreads
    private let logits: LinearLayer?
    private let input: [LinearLayer]
    private let blocks: [ResidualBlock]
    private let norm: NormLayer
    private let output: LinearLayer
    private let workspace = Mutex(HeadWorkspace())

    /// Products below this many multiply-adds are done before other threads have woken up.
    private static let smallWork = 1 << 20

    /// Loads `head.json` and `head.safetensors` of a folder.
    ///
    /// - Throws: `CheckpointError` naming file and key or tensor; `KernelError.outOfMemory`.
    public init(folder: String, kernels: VectorKernels, threads: ComputeThreads) throws {
        description = try HeadDescription(path: "\(folder)/head.json")
        self.kernels = kernels
        self.threads = threads
        let tensors = try HeadTensors(path: "\(folder)/head.safetensors", for: description)
        logits = try description.topLogits > 0 ? LinearLayer("logits", of: tensors) : nil
        input = try (0..<description.inputLayers).map { try LinearLayer("input.\($0)", of: tensors) }
        blocks = try (0..<description.blocks).map { try ResidualBlock($0, of: tensors) }
        norm = try NormLayer("norm", of: tensors)
        output = try LinearLayer("output", of: tensors)
    }

    /// The values of rows of inputs, in their order.
    ///
    /// - Parameters:
    ///   - rows: The inputs.
    ///   - values: Receives the values; emptied first.
    public func evaluate(_ rows: HeadRows, into values: inout [Double]) {
        precondition(rows.isComplete(for: description), "rows hold what the head reads")
        values.removeAll(keepingCapacity: true)
        guard rows.count > 0 else { return }
        workspace.withLock { workspace in
            run(rows, &workspace)
            workspace.value.withUnsafeBufferPointer { numbers in
                for row in 0..<rows.count {
                    let number = Double(numbers[row])
                    values.append(description.output == .sigmoid ? 1 / (1 + exp(-number)) : number)
                }
            }
        }
    }

    private func run(_ rows: HeadRows, _ workspace: inout HeadWorkspace) {
        let count = rows.count, width = description.width
        workspace.resize(description, rows: count)
        if let logits {
            rows.logits.withUnsafeBufferPointer { top in
                product(logits, top, into: &workspace.read, rows: count)
            }
        }
        rows.join(description, logits: workspace.read, into: &workspace.joined)
        for (index, layer) in input.enumerated() {
            if index == 0 {
                workspace.joined.withUnsafeBufferPointer { product(layer, $0, into: &workspace.stream, rows: count) }
            } else {
                workspace.stream.withUnsafeBufferPointer { product(layer, $0, into: &workspace.normed, rows: count) }
                swap(&workspace.stream, &workspace.normed)
            }
        }
        for block in blocks {
            normalise(workspace.stream, block.norm, into: &workspace.normed, width: width, rows: count)
            workspace.normed.withUnsafeBufferPointer { product(block.up, $0, into: &workspace.inner, rows: count) }
            activate(&workspace.inner)
            workspace.inner.withUnsafeBufferPointer {
                product(block.down, $0, into: &workspace.stream, rows: count, adding: true)
            }
        }
        normalise(workspace.stream, norm, into: &workspace.normed, width: width, rows: count)
        workspace.normed.withUnsafeBufferPointer { product(output, $0, into: &workspace.value, rows: count) }
    }

    private func product(
        _ layer: LinearLayer, _ x: UnsafeBufferPointer<Float>, into y: inout [Float], rows: Int, adding: Bool = false
    ) {
        let matrix = layer.matrix.view, inputs = layer.matrix.inputs, outputs = layer.matrix.outputs
        y.withUnsafeMutableBufferPointer { y in
            guard let x = x.baseAddress, let target = y.baseAddress else { return }
            let prepared = PreparedRows(x, stride: inputs)
            func panels(_ range: Range<Int>) {
                kernels.product(target, stride: outputs, prepared, rows: rows, matrix, panels: range, adding: adding)
            }
            let chunks = min(matrix.panels, 4 * threads.count)
            guard threads.count > 1, chunks > 1, rows * inputs * outputs >= Self.smallWork else {
                return panels(0..<matrix.panels)
            }
            threads.share(chunks: chunks) { _, chunk in
                panels(matrix.panels * chunk / chunks..<matrix.panels * (chunk + 1) / chunks)
            }
        }
    }

    private func normalise(_ x: [Float], _ layer: NormLayer, into y: inout [Float], width: Int, rows: Int) {
        x.withUnsafeBufferPointer { x in
            y.withUnsafeMutableBufferPointer { y in
                guard let x = x.baseAddress, let y = y.baseAddress else { return }
                for row in 0..<rows { layer.apply(x + row * width, into: y + row * width) }
            }
        }
    }

    /// GELU by the error function, in place.
    private func activate(_ x: inout [Float]) {
        x.withUnsafeMutableBufferPointer { x in
            for i in x.indices {
                let value = Double(x[i])
                x[i] = Float(value * 0.5 * (1 + erf(value * 0.5.squareRoot())))
            }
        }
    }
}
