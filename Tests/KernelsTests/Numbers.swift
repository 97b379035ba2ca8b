import Kernels

/// Reproducible test data.
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func bits() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Uniform in [-1, 1).
    mutating func uniform() -> Float { Float(Int32(truncatingIfNeeded: bits())) * 0x1p-31 }

    mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in uniform() } }

    /// Any finite float of moderate exponent, to provoke cancellation and rounding.
    mutating func wild() -> Float {
        let exponent = Int(bits() % 60) - 30
        return Float(sign: bits() & 1 == 0 ? .plus : .minus, exponent: exponent, significand: 1 + abs(uniform()))
    }
}

extension [Float] {
    /// The bits, so that comparisons tell zeros and NaNs apart.
    var bits: [UInt32] { map(\.bitPattern) }
}

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

    func matrix(_ format: ElementFormat, _ family: KernelFamily = .own) throws -> PackedMatrix {
        let matrix = try PackedMatrix(outputs: outputs, inputs: inputs, format: format, family: family)
        if format == .bfloat16 {
            w.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes {
                matrix.pack($0, format: .bfloat16, outputs: Array(0..<Int32(outputs)))
            }
        } else {
            w.withUnsafeBytes { matrix.pack($0, format: .float32, outputs: Array(0..<Int32(outputs))) }
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
        y.withUnsafeMutableBufferPointer { y in
            x.withUnsafeBufferPointer { x in
                guard let y = y.baseAddress, let x = x.baseAddress else { return }
                for row in Swift.stride(from: 0, to: rows, by: step) {
                    kernels.product(
                        y + row * outputs, stride: outputs, PreparedRows(x + row * inputs, stride: inputs),
                        rows: min(step, rows - row), matrix.view,
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
