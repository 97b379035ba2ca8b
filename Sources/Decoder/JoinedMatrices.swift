internal import Kernels

/// How weight matrices with the same inputs are packed side by side. Neighbours that the file stores alike become one
/// matrix.
struct JoinedLayout: Sendable, Hashable {
    /// The matrices, in the order of their outputs.
    let matrices: [MatrixLayout]
    /// Where each tensor's outputs begin.
    let firstOutputs: [Int]

    /// The layout of tensors of these formats and heights.
    init(
        _ tensors: [(format: ElementFormat, outputs: Int)], inputs: Int, family: KernelFamily, precision: Precision
    ) {
        var matrices: [MatrixLayout] = [], firstOutputs: [Int] = [], output = 0, begin = 0
        for (index, tensor) in tensors.enumerated() {
            firstOutputs.append(output)
            output += tensor.outputs
            if index + 1 < tensors.count, tensors[index + 1].format == tensor.format { continue }
            matrices.append(
                MatrixLayout(
                    outputs: output - begin, inputs: inputs, format: tensor.format, family: family,
                    precision: precision))
            begin = output
        }
        self.matrices = matrices
        self.firstOutputs = firstOutputs
    }
}

/// Weight matrices with the same inputs whose outputs lie side by side in one result.
struct JoinedMatrices: Sendable {
    /// One matrix and where its outputs begin in the result.
    struct Part: Sendable {
        let matrix: PackedMatrix
        let firstOutput: Int

        /// Pointers without reference counting.
        var view: PartView { PartView(matrix: matrix.view, firstOutput: firstOutput) }
    }

    let parts: [Part]
    private let firstOutputs: [Int]

    init(_ layout: JoinedLayout, in places: inout StoragePlaces) {
        var parts: [Part] = [], output = 0
        for matrix in layout.matrices {
            parts.append(Part(matrix: places.next(matrix), firstOutput: output))
            output += matrix.outputs
        }
        self.parts = parts
        firstOutputs = layout.firstOutputs
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
