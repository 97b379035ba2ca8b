import Kernels

/// A matrix product on owned arrays.
struct ProductCase {
    let rows: Int
    let inputs: Int
    let outputs: Int
    var x: [Float]
    /// [outputs][inputs]
    var w: [Float]
    var bias: [Float]?

    init(rows: Int, inputs: Int, outputs: Int, bias: Bool = false, seed: UInt64 = 1) {
        (self.rows, self.inputs, self.outputs) = (rows, inputs, outputs)
        var numbers = Numbers(seed: seed)
        x = numbers.floats(rows * inputs)
        w = numbers.floats(outputs * inputs)
        self.bias = bias ? numbers.floats(outputs) : nil
    }

    /// The weights packed from elements of `format`, rounded towards zero to bfloat16 and to nearest to float16.
    func matrix(
        _ format: ElementFormat, _ family: KernelFamily = .own, _ precision: Precision = .exact
    ) throws -> PackedMatrix {
        let matrix = try PackedMatrix(
            outputs: outputs, inputs: inputs, format: format, family: family, precision: precision)
        func pack<Element>(_ elements: [Element]) {
            elements.withUnsafeBytes { matrix.pack($0, format: format, outputs: Array(0..<Int32(outputs))) }
        }
        switch format {
        case .bfloat16: pack(w.map { UInt16($0.bitPattern >> 16) })
        case .float16: pack(w.map { Float16($0) })
        default: pack(w)
        }
        if let bias { try matrix.setBias(bias) }
        return matrix
    }

    /// y for all rows, computed at once or row by row; `initial` is added to.
    func product(
        _ kernels: VectorKernels, _ matrix: PackedMatrix, initial: [Float]? = nil, panels: Range<Int>? = nil,
        rowsAtOnce: Int? = nil
    ) -> [Float] {
        var y = initial ?? [Float](repeating: 0, count: rows * outputs)
        let step = rowsAtOnce ?? rows
        let view = matrix.view, memory = ReservedMemory(byteCount: rows * view.input.rowBytes(inputs: inputs))
        y.withUnsafeMutableBufferPointer { y in
            x.withUnsafeBufferPointer { x in
                guard let y = y.baseAddress, let x = x.baseAddress, let memory else { return }
                for row in Swift.stride(from: 0, to: rows, by: step) {
                    let count = min(step, rows - row)
                    let prepared = kernels.prepare(
                        x + row * inputs, stride: inputs, rows: count, for: view, into: memory.start)
                    kernels.product(
                        y + row * outputs, stride: outputs, prepared, rows: count, view,
                        panels: panels ?? 0..<matrix.panels, adding: initial != nil)
                }
            }
        }
        return y
    }

    /// The same in double precision.
    func reference(initial: [Float]? = nil) -> [Double] {
        (0..<rows * outputs).map { index in
            let row = index / outputs, output = index % outputs
            let sum = (0..<inputs).reduce(0.0) { $0 + Double(x[row * inputs + $1]) * Double(w[output * inputs + $1]) }
            return sum + Double(bias?[output] ?? 0) + Double(initial?[index] ?? 0)
        }
    }
}

extension Float {
    /// Rounded to bfloat16, ties to even.
    var roundedToBFloat16: Float {
        Float(bitPattern: (bitPattern + 0x7fff + (bitPattern >> 16 & 1)) & 0xffff_0000)
    }
}
