internal import Kernels

/// The gate and up matrices of a layer, [intermediate] of [hidden] inputs each, padded to whole groups of 16 outputs.
///
/// Stored alike they are one matrix, in which 16 gates and their 16 ups take turns.
struct GateUpWeights: Sendable {
    /// Both in one, or gates and ups.
    let matrices: JoinedMatrices
    private let takesTurns: Bool
    private let groups: Int

    /// Reserves the memory. Throws `KernelError.outOfMemory`.
    init(
        gate: ElementFormat, up: ElementFormat, intermediate: Int, inputs: Int, family: KernelFamily,
        precision: Precision
    ) throws {
        groups = (intermediate + 15) / 16
        takesTurns = gate == up
        let width = 16 * groups
        matrices = try JoinedMatrices(
            takesTurns ? [(gate, 2 * width)] : [(gate, width), (up, width)], inputs: inputs, family: family,
            precision: precision)
    }

    /// Where a gate goes.
    func gate(_ row: Int) -> (matrix: PackedMatrix, output: Int) {
        (matrices.parts[0].matrix, takesTurns ? row / 16 * 32 + row % 16 : row)
    }

    /// Where an up goes.
    func up(_ row: Int) -> (matrix: PackedMatrix, output: Int) {
        takesTurns ? (matrices.parts[0].matrix, row / 16 * 32 + 16 + row % 16) : (matrices.parts[1].matrix, row)
    }

    /// Sets the biases, [intermediate] each.
    func setBias(gate gates: [Float], up ups: [Float]) throws {
        var bias = [Float](repeating: 0, count: 32 * groups)
        let upOffset = takesTurns ? 0 : 16 * groups
        for row in gates.indices {
            bias[gate(row).output] = gates[row]
            bias[upOffset + up(row).output] = ups[row]
        }
        try matrices.setBias(bias)
    }

    /// The layout of the results.
    var layout: GatedLayout {
        GatedLayout(groupStride: takesTurns ? 32 : 16, upOffset: takesTurns ? 16 : 16 * groups)
    }
}
