internal import Checkpoints
internal import Kernels

/// A linear layer of a head in compute format, with its bias.
struct LinearLayer: Sendable {
    let matrix: PackedMatrix

    init(_ name: String, of tensors: HeadTensors) throws {
        let weight = try tensors["\(name).weight"]
        matrix = try PackedMatrix(
            outputs: weight.shape[0], inputs: weight.shape[1], format: .float32, family: .own)
        weight.withUnsafeBytes {
            matrix.pack($0, format: .float32, outputs: (0..<Int32(weight.shape[0])).map { $0 })
        }
        weight.forget()
        try matrix.setBias(tensors.floats("\(name).bias"))
    }
}

/// Mean and variance taken out of a row, then scale and shift: LayerNorm with ε 1e-5.
struct NormLayer: Sendable {
    private let weight: [Float]
    private let bias: [Float]

    init(_ name: String, of tensors: HeadTensors) throws {
        weight = try tensors.floats("\(name).weight")
        bias = try tensors.floats("\(name).bias")
    }

    /// y = (x − mean) / √(variance + ε) · weight + bias of one row, summed in the order of its elements.
    func apply(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
        let count = Double(weight.count)
        var sum = 0.0
        for i in weight.indices { sum += Double(x[i]) }
        let mean = sum / count
        var squares = 0.0
        for i in weight.indices { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
        let scale = 1 / (squares / count + 1e-5).squareRoot()
        for i in weight.indices { y[i] = Float((Double(x[i]) - mean) * scale) * weight[i] + bias[i] }
    }
}

/// A residual block: norm, wide layer, GELU, narrow layer, added to what came in.
struct ResidualBlock: Sendable {
    let norm: NormLayer
    let up: LinearLayer
    let down: LinearLayer

    init(_ index: Int, of tensors: HeadTensors) throws {
        norm = try NormLayer("blocks.\(index).norm", of: tensors)
        up = try LinearLayer("blocks.\(index).up", of: tensors)
        down = try LinearLayer("blocks.\(index).down", of: tensors)
    }
}
