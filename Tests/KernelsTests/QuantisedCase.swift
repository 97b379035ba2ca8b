@testable import Kernels

/// A product with quantised weights, from random blocks, and what it is by definition: integers summed per group, scaled
/// and added in single precision in the order of the inputs.
struct QuantisedCase {
    let format: ElementFormat
    let rows: Int
    let inputs: Int
    let outputs: Int
    var x: [Float]
    /// [outputs][inputs / blockElements][blockBytes], as in a file.
    var blocks: [UInt8]

    /// Elements of one output that share a scale.
    struct Group {
        let integers: [Int32]
        let step: Float
        /// Added to every weight of the group.
        var addend: Float?
    }

    init(_ format: ElementFormat, rows: Int, inputs: Int, outputs: Int, seed: UInt64 = 1) {
        (self.format, self.rows, self.inputs, self.outputs) = (format, rows, inputs, outputs)
        var numbers = Numbers(seed: seed)
        x = numbers.floats(rows * inputs).map { $0 * 3 }
        blocks = []
        for _ in 0..<outputs * inputs / format.blockElements {
            var block = (0..<format.blockBytes).map { _ in UInt8(truncatingIfNeeded: numbers.bits()) }
            for at in Self.halves(format) {
                let scale = Float16(numbers.uniform() * 0.01).bitPattern
                (block[at], block[at + 1]) = (UInt8(scale & 255), UInt8(scale >> 8))
            }
            blocks += block
        }
    }

    /// Where the half-precision numbers of a block are.
    static func halves(_ format: ElementFormat) -> [Int] {
        switch format {
        case .q6_K: [208]
        case .q4_K, .q5_K, .q4_1, .q5_1: [0, 2]
        default: [0]
        }
    }

    func matrix(_ precision: Precision) throws -> PackedMatrix {
        let matrix = try PackedMatrix(
            outputs: outputs, inputs: inputs, format: format, family: .own, precision: precision)
        blocks.withUnsafeBytes { matrix.pack($0, format: format, outputs: Array(0..<Int32(outputs))) }
        return matrix
    }

    /// y for all rows, computed at once or a few at a time.
    func product(
        _ kernels: VectorKernels, _ matrix: PackedMatrix, initial: [Float]? = nil, panels: Range<Int>? = nil,
        rowsAtOnce: Int? = nil
    ) -> [Float] {
        var y = initial ?? [Float](repeating: 0, count: rows * outputs)
        let step = rowsAtOnce ?? rows, view = matrix.view
        var memory = [UInt8](repeating: 255, count: step * view.input.rowBytes(inputs: inputs))
        y.withUnsafeMutableBufferPointer { y in
            x.withUnsafeBufferPointer { x in
                memory.withUnsafeMutableBytes { memory in
                    guard let y = y.baseAddress, let x = x.baseAddress, let memory = memory.baseAddress else { return }
                    for row in stride(from: 0, to: rows, by: step) {
                        let count = min(step, rows - row)
                        let prepared = kernels.prepare(
                            x + row * inputs, stride: inputs, rows: count, for: view, into: memory)
                        kernels.product(
                            y + row * outputs, stride: outputs, prepared, rows: count, view,
                            panels: panels ?? 0..<matrix.panels, adding: initial != nil)
                    }
                }
            }
        }
        return y
    }

    /// The same by definition.
    func reference() -> [Float] {
        let weights = (0..<outputs).map(groups)
        return (0..<rows).flatMap { row -> [Float] in
            let inputs = rounded(row)
            return weights.map { groups in
                var sum: Float = 0, at = 0
                for group in groups {
                    let block = inputs[at / 32]
                    let count = group.integers.count, values = block.values[at % 32..<at % 32 + count]
                    let integer = zip(group.integers, values).reduce(0) { $0 + $1.0 * $1.1 }
                    sum = (group.step * block.scale).fusedInto(sum, Float(integer))
                    if let addend = group.addend {
                        sum = addend.fusedInto(sum, block.scale * Float(values.reduce(0, +)))
                    }
                    at += count
                }
                return sum
            }
        }
    }

    /// A row's blocks of 32 inputs.
    private func rounded(_ row: Int) -> [(values: [Int32], scale: Float)] {
        stride(from: row * inputs, to: (row + 1) * inputs, by: 32).map { start in
            let block = x[start..<start + 32]
            guard block.allSatisfy(\.isFinite) else { return ([Int32](repeating: 0, count: 32), .nan) }
            let largest = block.map(abs).max() ?? 0
            guard largest >= 0x1p-100 else { return ([Int32](repeating: 0, count: 32), 0) }
            let inverse = 127 / largest
            return (block.map { Int32(($0 * inverse).rounded(.toNearestOrEven)) }, largest / 127)
        }
    }

    /// The groups of one output, read from its blocks as the format defines.
    private func groups(_ output: Int) -> [Group] {
        let row = inputs / format.blockElements * format.blockBytes
        return stride(from: output * row, to: (output + 1) * row, by: format.blockBytes).flatMap { start in
            let block = Array(blocks[start..<start + format.blockBytes])
            func half(_ at: Int) -> Float { Float(Float16(bitPattern: UInt16(block[at]) | UInt16(block[at + 1]) << 8)) }
            /// Nibbles, the low ones first, below bits of a little-endian number.
            func fiveBits(nibbles: Int, fifth: Int?) -> [Int32] {
                (0..<32).map { i in
                    let nibble = Int32(block[nibbles + i % 16] >> (i / 16 * 4) & 15)
                    return fifth.map { nibble | Int32(block[$0 + i / 8] >> (i % 8) & 1) * 16 } ?? nibble
                }
            }
            switch format {
            case .q8_0:
                return [Group(integers: block[2...].map { Int32(Int8(bitPattern: $0)) }, step: half(0))]
            case .q4_0:
                let nibbles = block[2...].map { Int32($0 & 15) - 8 } + block[2...].map { Int32($0 >> 4) - 8 }
                return [Group(integers: nibbles, step: half(0))]
            case .q4_1:
                return [Group(integers: fiveBits(nibbles: 4, fifth: nil), step: half(0), addend: half(2))]
            case .q5_0:
                return [Group(integers: fiveBits(nibbles: 6, fifth: 2).map { $0 - 16 }, step: half(0))]
            case .q5_1:
                return [Group(integers: fiveBits(nibbles: 8, fifth: 4), step: half(0), addend: half(2))]
            case .q4_K, .q5_K:
                return (0..<8).map { group in
                    // Bits 4 and 5 of the last four scales and minima are the upper bits of the first eight bytes.
                    let packed = block[4..<16].map { Int($0) }
                    let scale = group < 4 ? packed[group] & 63 : packed[group + 4] & 15 | packed[group - 4] >> 6 * 16
                    let minimum = group < 4 ? packed[group + 4] & 63 : packed[group + 4] >> 4 | packed[group] >> 6 * 16
                    let first = (format == .q5_K ? 48 : 16) + group / 2 * 32
                    let integers = (0..<32).map { i in
                        let nibble = Int32(block[first + i] >> (group % 2 * 4) & 15)
                        return format == .q5_K ? nibble | Int32(block[16 + i] >> group & 1) * 16 : nibble
                    }
                    return Group(
                        integers: integers, step: half(0) * Float(scale), addend: -(half(2) * Float(minimum)))
                }
            default:
                return (0..<16).map { group in
                    let integers = (group * 16..<group * 16 + 16).map { i in
                        let low = block[i / 128 * 64 + i % 64] >> (i % 128 / 64 * 4) & 15
                        let high = block[128 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3
                        return Int32(low | high << 4) - 32
                    }
                    let scale = Float(Int8(bitPattern: block[192 + group]))
                    return Group(integers: integers, step: half(208) * scale)
                }
            }
        }
    }
}

extension Float {
    /// self · factor + sum, rounded once.
    fileprivate func fusedInto(_ sum: Float, _ factor: Float) -> Float { sum.addingProduct(self, factor) }
}
