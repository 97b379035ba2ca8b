internal import Kernels

/// Weight matrices with the same inputs whose outputs lie side by side in one result. Neighbours that the file stores alike
/// become one matrix.
struct JoinedMatrices: Sendable {
    /// One matrix and where its outputs begin in the result.
    struct Part: Sendable {
        let matrix: PackedMatrix
        let firstOutput: Int

        /// Pointers without reference counting.
        var view: PartView { PartView(matrix: matrix.view, firstOutput: firstOutput) }
    }

    let parts: [Part]
    /// Where each tensor's outputs begin.
    private let firstOutputs: [Int]

    /// Reserves the memory for tensors of these formats and heights. Throws `KernelError.outOfMemory`.
    init(
        _ tensors: [(format: ElementFormat, outputs: Int)], inputs: Int, family: KernelFamily, precision: Precision
    ) throws {
        var parts: [Part] = [], firstOutputs: [Int] = [], output = 0, begin = 0
        for (index, tensor) in tensors.enumerated() {
            firstOutputs.append(output)
            output += tensor.outputs
            if index + 1 < tensors.count, tensors[index + 1].format == tensor.format { continue }
            let matrix = try PackedMatrix(
                outputs: output - begin, inputs: inputs, format: tensor.format, family: family, precision: precision)
            parts.append(Part(matrix: matrix, firstOutput: begin))
            begin = output
        }
        self.parts = parts
        self.firstOutputs = firstOutputs
    }

    /// The matrix that holds tensor `index`, and the tensor's first output in it.
    func place(of index: Int) -> (matrix: PackedMatrix, firstOutput: Int) {
        let output = firstOutputs[index]
        let part = parts.last { $0.firstOutput <= output } ?? parts[0]
        return (part.matrix, output - part.firstOutput)
    }

    /// Sets the bias of the whole result.
    func setBias(_ values: [Float]) throws {
        for part in parts {
            try part.matrix.setBias(Array(values[part.firstOutput..<part.firstOutput + part.matrix.outputs]))
        }
    }

    /// Bytes of all matrices.
    var byteCount: Int { parts.reduce(0) { $0 + $1.matrix.byteCount } }
}

/// A borrowed part of `JoinedMatrices`.
struct PartView {
    let matrix: MatrixView
    let firstOutput: Int
}
