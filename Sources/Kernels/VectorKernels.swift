internal import CKernels
internal import COpenBLAS

/// The kernels of one instruction set. Every call computes on the calling thread; all matrices are row-major with a row
/// stride in floats.
///
/// `@unchecked Sendable`: it points to a constant table.
public struct VectorKernels: @unchecked Sendable {
    let table: UnsafePointer<gq_kernels>
    /// Which one.
    public let instructionSet: InstructionSet

    /// Throws `KernelError.instructionSet` if this machine lacks it.
    public init(_ instructionSet: InstructionSet) throws {
        guard let table = gq_kernels_for(instructionSet.code) else {
            throw KernelError.instructionSet(name: instructionSet.rawValue, available: InstructionSet.available)
        }
        self.table = table
        self.instructionSet = instructionSet
        _ = KernelFamily.openBLASIsSingleThreaded
    }

    /// Input rows as products with `w` read them: written to `memory`, which has room for
    /// `w.input.rowBytes(inputs: w.inputs)` bytes per row, or `x` itself where floats are read as they are.
    public func prepare(
        _ x: UnsafePointer<Float>, stride: Int, rows: Int, for w: MatrixView, into memory: UnsafeMutableRawPointer
    ) -> PreparedRows {
        if w.input == .float32 { return PreparedRows(x, stride: stride) }
        let rowBytes = w.input.rowBytes(inputs: w.inputs)
        table.pointee.prepare(memory, rowBytes, x, stride, rows, w.inputs, w.input.code)
        return PreparedRows(prepared: memory, rowBytes: rowBytes)
    }

    /// y[rows, outputs] = x[rows, inputs] · Wᵀ + bias, or added to y, for the outputs of `panels` only. `x` is prepared
    /// for `w`, or for a matrix with the same inputs and input format.
    ///
    /// Each output element is summed over the inputs in ascending order, whatever `rows` and `panels`.
    public func product(
        _ y: UnsafeMutablePointer<Float>, stride yStride: Int, _ x: PreparedRows, rows: Int, _ w: MatrixView,
        panels: Range<Int>, adding: Bool = false
    ) {
        switch w.family {
        case .own:
            withUnsafePointer(to: w.matrix) {
                table.pointee.product(
                    y, yStride, x.start, x.rowBytes, rows, $0, panels.lowerBound, panels.upperBound,
                    Int32(adding ? GQ_ADD : GQ_STORE))
            }
        case .openBLAS:
            openBLASProduct(
                y, stride: yStride, x, rows: rows, w.matrix, panels: panels, adding: adding)
        }
    }

    private func openBLASProduct(
        _ y: UnsafeMutablePointer<Float>, stride yStride: Int, _ x: PreparedRows, rows: Int, _ w: gq_matrix,
        panels: Range<Int>, adding: Bool
    ) {
        let first = panels.lowerBound * PackedMatrix.panelOutputs
        let count = min(panels.upperBound * PackedMatrix.panelOutputs, w.outputs) - first
        guard rows > 0, count > 0 else { return }
        if let bias = w.bias {
            for row in 0..<rows {
                for i in first..<first + count {
                    y[row * yStride + i] = adding ? y[row * yStride + i] + bias[i] : bias[i]
                }
            }
        }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(count), Int32(w.inputs), 1,
            x.start.assumingMemoryBound(to: Float.self),
            Int32(x.rowBytes / MemoryLayout<Float>.stride),
            w.panels.assumingMemoryBound(to: Float.self) + first * w.inputs, Int32(w.inputs),
            adding || w.bias != nil ? 1 : 0, y + first, Int32(yStride))
    }

    /// Row `row` of a matrix as [inputs] floats: the embedding of a token.
    public func readRow(_ y: UnsafeMutablePointer<Float>, _ w: MatrixView, row: Int) {
        switch w.family {
        case .own:
            withUnsafePointer(to: w.matrix) { gq_read_row(y, $0, row) }
        case .openBLAS:
            y.update(
                from: w.matrix.panels.assumingMemoryBound(to: Float.self) + row * w.matrix.inputs,
                count: w.matrix.inputs)
        }
    }

    /// y[r] = x[r] / √(mean(x[r]²) + epsilon) · weight, each row of `width` elements.
    public func rmsNorm(
        _ y: UnsafeMutablePointer<Float>, stride yStride: Int, _ x: UnsafePointer<Float>, stride xStride: Int,
        rows: Int, width: Int, weight: UnsafePointer<Float>, epsilon: Float
    ) {
        table.pointee.rms_norm(y, yStride, x, xStride, rows, width, weight, epsilon)
    }

    /// y[r][i] = silu(gate) · up of the rows of `x`, for the groups of 16 in `groups`.
    public func gatedActivation(
        _ y: UnsafeMutablePointer<Float>, stride yStride: Int, _ x: UnsafePointer<Float>, stride xStride: Int,
        layout: GatedLayout, rows: Int, groups: Range<Int>
    ) {
        table.pointee.gated_activation(
            y, yStride, x, xStride, layout.groupStride, layout.upOffset, rows, groups.lowerBound, groups.upperBound)
    }

    /// Per-head norm, rotary embedding and cache write of the projected rows in `rows`, in place.
    public func rotateAndStore(_ rotation: Rotation, rows: Range<Int>) {
        withUnsafePointer(to: rotation.call) {
            table.pointee.rotate_and_store($0, rows.lowerBound, rows.upperBound)
        }
    }

    /// y[i] = e^x[i], to about 1e-7 relative.
    func exponential(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, count: Int) {
        table.pointee.exponential(y, x, count)
    }
}
