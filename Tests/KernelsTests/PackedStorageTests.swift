import Testing

@testable import Kernels

/// Matrices in memory that somebody else holds.
@Suite struct PackedStorageTests {
    /// FNV-1a 64 of the panels of fixed rows. Files of packed weights outlive programs: who changes these values raises
    /// `MatrixLayout.version`, to which they belong.
    static let panelsOfVersion1: [(format: ElementFormat, hash: UInt64)] = [
        (.float32, 0xc604_0200_7d84_be0a), (.bfloat16, 0x6acb_5dad_b29a_c757), (.float16, 0x959f_092a_8f7a_9c47),
        (.q8_0, 0x7aa0_d730_7034_169e), (.q4_0, 0x092e_02b8_24d0_fe69), (.q4_K, 0x188c_8fa4_42f2_26e5),
        (.q6_K, 0xa8ea_8cdd_a829_c6eb), (.q4_1, 0x0902_1d9b_d824_fa50), (.q5_0, 0x2ca9_368b_ecce_f601),
        (.q5_1, 0xb99a_ddc9_f9bc_d768), (.q5_K, 0x4933_22fd_56e1_ff4c),
    ]

    @Test(arguments: panelsOfVersion1) func panelsAreThoseOfTheirVersion(_ format: ElementFormat, _ hash: UInt64) throws
    {
        #expect(MatrixLayout.version == 1)
        let outputs = 21, inputs = 256
        let layout = MatrixLayout(
            outputs: outputs, inputs: inputs, format: format, family: .own, precision: .fast)
        let memory = try #require(ReservedMemory(byteCount: layout.byteCount))
        let bytes = UnsafeMutableRawBufferPointer(start: memory.start, count: layout.byteCount)
        let matrix = PackedMatrix(layout, in: PackedStorage(packingInto: bytes, owner: memory), at: 0)
        var state: UInt32 = 1
        let source = (0..<outputs * format.byteCount(of: inputs)).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 26)
        }
        source.withUnsafeBytes { matrix.pack($0, format: format, outputs: (0..<Int32(outputs)).reversed()) }
        let found = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        #expect(found == hash)
    }

    @Test func twoMatricesInOneStorageDoNotTouch() throws {
        let layout = MatrixLayout(outputs: 16, inputs: 16, format: .float32, family: .own)
        let storage = try PackedStorage(byteCount: 2 * layout.byteCount, purpose: "a test")
        let first = PackedMatrix(layout, in: storage, at: 0)
        let second = PackedMatrix(layout, in: storage, at: layout.byteCount)
        let ones = [Float](repeating: 1, count: 256)
        ones.withUnsafeBytes { second.pack($0, format: .float32, outputs: Array(0..<16)) }
        let floats = storage.bytes.bindMemory(to: Float.self)
        #expect(floats[..<256].allSatisfy { $0 == 0 } && floats[256...].allSatisfy { $0 == 1 })
        #expect(first.byteCount + second.byteCount == storage.bytes.count)
    }
}
