import Foundation
import Testing

@testable import Kernels

/// Blocks of the quantised formats against `gguf.quants.dequantize`; `Tests/Golden/quantised-blocks/make.py` made the file.
@Suite struct QuantisedBlockTests {
    struct Golden: Decodable {
        let blocks: String
        let floats: String
    }

    static let formats = ElementFormat.allCases.filter(\.isQuantised)

    static func golden(_ format: ElementFormat) throws -> (blocks: [UInt8], floats: [UInt32]) {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/quantised-blocks/blocks.json")
        let all = try JSONDecoder().decode([String: Golden].self, from: Data(contentsOf: path))
        let golden = try #require(all[format.rawValue])
        let bytes = Self.bytes(golden.floats)
        return (
            Self.bytes(golden.blocks),
            stride(from: 0, to: bytes.count, by: 4).map { at in
                (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
            }
        )
    }

    static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    @Test(arguments: formats) func widenLikeTheReference(_ format: ElementFormat) throws {
        let golden = try Self.golden(format)
        #expect(golden.floats.count == golden.blocks.count / format.blockBytes * format.blockElements)
        #expect(golden.blocks.withUnsafeBytes { widened($0, format: format) }.bits == golden.floats)
        // One byte further on: nothing in a file is aligned.
        let shifted = ([0] + golden.blocks).withUnsafeBytes {
            widened(UnsafeRawBufferPointer(rebasing: $0[1...]), format: format)
        }
        #expect(shifted.bits == golden.floats)
    }

    @Test(arguments: formats, Precision.allCases)
    func packedRowsReadBack(_ format: ElementFormat, precision: Precision) throws {
        let golden = try Self.golden(format), inputs = format.blockElements
        let rows = golden.blocks.count / format.blockBytes
        // Scattered outputs; those between stay zero.
        let outputs = (0..<rows).map { Int32($0 * 2 + 1) }
        let matrix = try PackedMatrix(
            outputs: 2 * rows + 1, inputs: inputs, format: format, family: .own, precision: precision)
        golden.blocks.withUnsafeBytes { matrix.pack($0, format: format, outputs: outputs) }
        let kernels = try VectorKernels(.best)
        for output in 0..<2 * rows + 1 {
            var row = [Float](repeating: .nan, count: inputs)
            row.withUnsafeMutableBufferPointer { buffer in
                if let target = buffer.baseAddress { kernels.readRow(target, matrix.view, row: output) }
            }
            let expected =
                output % 2 == 1 ? Array(golden.floats[output / 2 * inputs..<(output / 2 + 1) * inputs]) : []
            if output % 2 == 1 { #expect(row.bits == expected) } else { #expect(row.allSatisfy { $0 == 0 }) }
        }
    }
}
