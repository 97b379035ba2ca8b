import Testing

@testable import Kernels

@Suite struct ProductTests {
    static let shapes: [(rows: Int, inputs: Int, outputs: Int)] = [
        (1, 1, 1), (1, 7, 16), (1, 128, 300), (2, 33, 47), (3, 64, 129), (4, 16, 17), (5, 40, 33), (6, 100, 64),
        (7, 31, 15),
        (13, 352, 128), (64, 128, 96), (65, 300, 50),
    ]

    static let floats: [ElementFormat] = [.float32, .bfloat16, .float16]

    /// Weights that all formats of floats hold, so that they compute the same.
    static func test(_ index: Int, bias: Bool) -> ProductCase {
        let shape = shapes[index]
        var test = ProductCase(rows: shape.rows, inputs: shape.inputs, outputs: shape.outputs, bias: bias)
        test.w = test.w.map { ($0 * 128).rounded() / 128 }
        return test
    }

    @Test(arguments: shapes.indices, [false, true]) func nearDoublePrecision(_ index: Int, bias: Bool) throws {
        let test = Self.test(index, bias: bias)
        let initial = bias ? nil : Numbers.sequence(test.rows * test.outputs)
        let expected = test.reference(initial: initial)
        for (family, format) in Self.floats.map({ (KernelFamily.own, $0) }) + [(.openBLAS, .float32)] {
            let got = test.product(try VectorKernels(.best), try test.matrix(format, family), initial: initial)
            let worst = zip(got, expected).map { abs(Double($0) - $1) }.max() ?? 0
            #expect(worst < 1e-6 * Double(test.inputs).squareRoot() + 1e-6, "\(family) \(format)")
        }
    }

    @Test(arguments: shapes.indices) func sameBitsForAnyBatchFormatAndInstructionSet(_ index: Int) throws {
        let test = Self.test(index, bias: index % 2 == 0)
        let expected = test.product(try VectorKernels(.best), try test.matrix(.float32), rowsAtOnce: 1).bits
        for set in InstructionSet.available {
            for format in Self.floats {
                let kernels = try VectorKernels(set), matrix = try test.matrix(format)
                for rowsAtOnce in [1, 2, 3, 5, test.rows] {
                    #expect(
                        test.product(kernels, matrix, rowsAtOnce: rowsAtOnce).bits == expected,
                        "\(set) \(format) \(rowsAtOnce)")
                }
            }
        }
    }

    @Test(arguments: shapes.indices) func fastProductsAreExactOnesOfRoundedInputs(_ index: Int) throws {
        let test = Self.test(index, bias: index % 2 == 0)
        var rounded = test
        rounded.x = test.x.map(\.roundedToBFloat16)
        let expected = rounded.product(try VectorKernels(.portable), try rounded.matrix(.bfloat16)).bits
        for set in InstructionSet.available {
            let kernels = try VectorKernels(set), matrix = try test.matrix(.bfloat16, .own, .fast)
            for rowsAtOnce in [1, 2, 3, 5, test.rows] {
                #expect(
                    test.product(kernels, matrix, rowsAtOnce: rowsAtOnce).bits == expected, "\(set) \(rowsAtOnce)")
            }
        }
    }

    @Test(arguments: InstructionSet.available) func unusualInputsRoundToBFloat16(_ set: InstructionSet) throws {
        // Ties, overflow, subnormals, infinities and NaN, each times 1.
        let inputs: [Float] = [
            0x1.01p0, 0x1.03p0, 0x1.010002p0, -0x1.01p0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0x1p-127,
            0x1p-126, .infinity, -.infinity, .nan, 0,
        ]
        let expected: [Float] = [
            1, 0x1.04p0, 0x1.02p0, -1, .infinity, -.infinity, 0, 0x1p-126, .infinity, -.infinity, .nan, 0,
        ]
        var test = ProductCase(rows: inputs.count, inputs: 1, outputs: 1)
        (test.x, test.w) = (inputs, [1])
        let got = test.product(try VectorKernels(set), try test.matrix(.bfloat16, .own, .fast))
        #expect(zip(got, expected).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }, "\(got)")
    }

    @Test(arguments: [KernelFamily.own, .openBLAS]) func panelRangesComposeTheWhole(_ family: KernelFamily) throws {
        let test = ProductCase(rows: 5, inputs: 24, outputs: 75, bias: true)
        let kernels = try VectorKernels(.best), matrix = try test.matrix(.float32, family)
        let whole = test.product(kernels, matrix)
        for cut in 1..<matrix.panels {
            let left = test.product(kernels, matrix, panels: 0..<cut),
                right = test.product(kernels, matrix, panels: cut..<matrix.panels)
            let joined = whole.indices.map { $0 % 75 < cut * 16 ? left[$0] : right[$0] }
            #expect(zip(joined, whole).allSatisfy { abs($0 - $1) < 1e-5 })
            #expect(family == .openBLAS || joined.bits == whole.bits)
            #expect(
                whole.indices.allSatisfy { $0 % 75 < cut * 16 ? right[$0] == 0 : left[$0] == 0 },
                "wrote outside its panels")
        }
    }

    @Test func emulatedFusedMultiplyAddRoundsOnce() throws {
        // Wild exponents and exact cancellation: any double rounding shows.
        var test = ProductCase(rows: 4, inputs: 400, outputs: 64)
        var numbers = Numbers(seed: 9)
        for i in test.x.indices { test.x[i] = numbers.wild() }
        for i in test.w.indices { test.w[i] = numbers.wild() }
        for i in stride(from: 1, to: 400, by: 2) {
            for row in 0..<4 { test.x[row * 400 + i] = test.x[row * 400 + i - 1].nextUp }
            for output in 0..<64 { test.w[output * 400 + i] = -test.w[output * 400 + i - 1] }
        }
        var expected = [Float](repeating: 0, count: 4 * 64)
        for row in 0..<4 {
            for output in 0..<64 {
                for i in 0..<400 {
                    expected[row * 64 + output].addProduct(test.x[row * 400 + i], test.w[output * 400 + i])
                }
            }
        }
        for set in InstructionSet.available {
            #expect(test.product(try VectorKernels(set), try test.matrix(.float32)).bits == expected.bits, "\(set)")
        }
    }

    @Test(
        arguments: zip(
            [KernelFamily.own, .openBLAS, .own, .own], [ElementFormat.float32, .float32, .float16, .bfloat16]))
    func packedRowsReadBack(_ family: KernelFamily, _ format: ElementFormat) throws {
        var test = ProductCase(rows: 1, inputs: 19, outputs: 37)
        test.w = test.w.map { ($0 * 128).rounded() / 128 }
        let kernels = try VectorKernels(.best), matrix = try test.matrix(format, family)
        for row in 0..<37 {
            var values = [Float](repeating: 0, count: 19)
            values.withUnsafeMutableBufferPointer { buffer in
                if let target = buffer.baseAddress { kernels.readRow(target, matrix.view, row: row) }
            }
            #expect(values == Array(test.w[row * 19..<row * 19 + 19]))
        }
    }

    @Test(arguments: floats, [ElementFormat.float32, .bfloat16, .float16])
    func rowsPackInAnyOrderAndInPieces(_ format: ElementFormat, _ source: ElementFormat) throws {
        guard format == .float32 || source == format else { return }
        // More inputs than are packed at a time; rows dealt out to panels one by one, as rotary halves are.
        let outputs = 75, inputs = 143, order = (0..<Int32(outputs)).map { $0 * 32 % 75 }
        var test = ProductCase(rows: 1, inputs: inputs, outputs: outputs)
        test.w = test.w.map { ($0 * 128).rounded() / 128 }
        let matrix = try PackedMatrix(outputs: outputs, inputs: inputs, format: format, family: .own)
        let bytes: [UInt8] =
            switch source {
            case .bfloat16: test.w.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes(Array.init)
            case .float16: test.w.map { Float16($0) }.withUnsafeBytes(Array.init)
            default: test.w.withUnsafeBytes(Array.init)
            }
        let rowBytes = source.byteCount(of: inputs)
        for piece in [0..<20, 20..<21, 21..<75] {
            // An odd address, as in a file.
            let unaligned = [0] + bytes[piece.lowerBound * rowBytes..<piece.upperBound * rowBytes]
            unaligned.withUnsafeBytes {
                matrix.pack(UnsafeRawBufferPointer(rebasing: $0[1...]), format: source, outputs: Array(order[piece]))
            }
        }
        let kernels = try VectorKernels(.best)
        var values = [Float](repeating: 0, count: inputs)
        for row in 0..<outputs {
            values.withUnsafeMutableBufferPointer { buffer in
                if let target = buffer.baseAddress { kernels.readRow(target, matrix.view, row: Int(order[row])) }
            }
            #expect(values == Array(test.w[row * inputs..<(row + 1) * inputs]), "row \(row)")
        }
    }

    @Test func halfPrecisionWidensExactly() {
        let all = (0...UInt16.max).map { $0 }
        let got = all.withUnsafeBytes { widened($0, format: .float16) }
        for (bits, value) in zip(all, got) {
            let expected = Float(Float16(bitPattern: bits))
            #expect(expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern)
        }
    }
}

extension Numbers {
    static func sequence(_ count: Int) -> [Float] {
        var numbers = Numbers(seed: 77)
        return numbers.floats(count)
    }
}
