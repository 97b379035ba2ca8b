import Testing

@testable import Kernels

/// Products of quantised weights with rounded inputs: the same bits as the definition, everywhere.
@Suite struct IntegerProductTests {
    static let shapes: [(rows: Int, inputs: Int, outputs: Int)] = [
        (1, 256, 1), (1, 512, 150), (2, 256, 33), (3, 256, 64), (4, 256, 129), (5, 768, 40), (6, 256, 96),
        (13, 512, 47), (64, 256, 32),
    ]

    @Test(arguments: QuantisedBlockTests.formats, shapes.indices)
    func sameBitsAsTheDefinition(_ format: ElementFormat, _ index: Int) throws {
        let shape = Self.shapes[index]
        let test = QuantisedCase(format, rows: shape.rows, inputs: shape.inputs, outputs: shape.outputs)
        let matrix = try test.matrix(.fast), expected = test.reference()
        #expect(matrix.input == .int8 && matrix.byteCount < test.blocks.count * 3 + 32 * 1024)
        for set in InstructionSet.available {
            let kernels = try VectorKernels(set)
            for rowsAtOnce in [1, 2, 3, 5, test.rows] {
                #expect(
                    test.product(kernels, matrix, rowsAtOnce: rowsAtOnce).bits == expected.bits, "\(set) \(rowsAtOnce)")
            }
        }
    }

    @Test(arguments: [ElementFormat.q8_0, .q4_0, .q4_1, .q5_0, .q5_1], [32, 96, 160])
    func anyNumberOfBlocks(_ format: ElementFormat, inputs: Int) throws {
        let test = QuantisedCase(format, rows: 7, inputs: inputs, outputs: 50)
        let expected = test.reference().bits
        for set in InstructionSet.available {
            let got = test.product(try VectorKernels(set), try test.matrix(.fast))
            #expect(got.bits == expected, "\(set)")
        }
    }

    @Test(arguments: QuantisedBlockTests.formats) func largestIntegersDoNotSaturate(_ format: ElementFormat) throws {
        for byte in [0x00, 0x7f, 0x80, 0xff] as [UInt8] {
            var test = QuantisedCase(format, rows: 3, inputs: 256, outputs: 33)
            let scales = Set(QuantisedCase.halves(format).flatMap { [$0, $0 + 1] })
            for at in test.blocks.indices where !scales.contains(at % format.blockBytes) { test.blocks[at] = byte }
            for i in test.x.indices {
                test.x[i] = i / 256 == 0 ? 1 : i / 256 == 1 ? -1 : i % 2 == 0 ? 1 : -1
            }
            let expected = test.reference().bits
            for set in InstructionSet.available {
                let got = test.product(try VectorKernels(set), try test.matrix(.fast))
                #expect(got.bits == expected, "\(set) \(byte)")
            }
        }
    }

    @Test(arguments: QuantisedBlockTests.formats) func roundingOfUnusualInputs(_ format: ElementFormat) throws {
        var test = QuantisedCase(format, rows: 6, inputs: 256, outputs: 20)
        for i in 0..<32 {
            test.x[i] = 0
            test.x[256 + i] = 0x1p-101
            test.x[2 * 256 + i] = 0x1p-100 * Float(i - 16)
        }
        // Halves between integers, largest at the end.
        for i in 0..<256 { test.x[3 * 256 + i] = Float(i % 32) - 15.5 + (i % 32 == 31 ? 111.5 : 0) }
        test.x[4 * 256 + 40] = .infinity
        test.x[5 * 256 + 255] = .nan
        let expected = test.reference()
        #expect(expected.prefix(4 * 20).allSatisfy { $0.isFinite })
        for set in InstructionSet.available {
            let got = test.product(try VectorKernels(set), try test.matrix(.fast))
            #expect(Array(got.prefix(4 * 20)).bits == Array(expected.prefix(4 * 20)).bits, "\(set)")
            #expect(got.suffix(2 * 20).allSatisfy { $0.isNaN }, "\(set)")
        }
    }

    @Test(arguments: QuantisedBlockTests.formats) func biasAndFormerValuesAreAddedLast(_ format: ElementFormat) throws {
        let test = QuantisedCase(format, rows: 7, inputs: 256, outputs: 39)
        let matrix = try test.matrix(.fast), plain = test.reference()
        let bias = Array(Numbers.sequence(39)), initial = Array(Numbers.sequence(8 * 39).suffix(7 * 39))
        try matrix.setBias(bias)
        for set in InstructionSet.available {
            let got = test.product(try VectorKernels(set), matrix, initial: initial)
            #expect(got.bits == plain.indices.map { initial[$0] + (plain[$0] + bias[$0 % 39]) }.bits, "\(set)")
        }
    }

    @Test(arguments: QuantisedBlockTests.formats) func panelRangesComposeTheWhole(_ format: ElementFormat) throws {
        let test = QuantisedCase(format, rows: 4, inputs: 256, outputs: 75)
        let kernels = try VectorKernels(.best), matrix = try test.matrix(.fast)
        let whole = test.product(kernels, matrix)
        for cut in 1..<matrix.panels {
            let left = test.product(kernels, matrix, panels: 0..<cut)
            let right = test.product(kernels, matrix, panels: cut..<matrix.panels)
            #expect(whole.indices.map { $0 % 75 < cut * 16 ? left[$0] : right[$0] }.bits == whole.bits)
            #expect(
                whole.indices.allSatisfy { $0 % 75 < cut * 16 ? right[$0] == 0 : left[$0] == 0 },
                "wrote outside its panels")
        }
    }

    @Test(arguments: QuantisedBlockTests.formats) func nearTheExactProduct(_ format: ElementFormat) throws {
        let test = QuantisedCase(format, rows: 5, inputs: 768, outputs: 64)
        let kernels = try VectorKernels(.best)
        let exact = test.product(kernels, try test.matrix(.exact)), fast = test.product(kernels, try test.matrix(.fast))
        let error = zip(exact, fast).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let power = exact.reduce(0) { $0 + $1 * $1 }
        // Uniform inputs rounded to multiples of amax / 127: about 0.4 % of their root mean square.
        #expect((error / power).squareRoot() < 0.006)
    }
}
