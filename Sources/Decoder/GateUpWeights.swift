internal import Kernels

/// How the gate and up matrices of a layer are packed, [intermediate] of [hidden] inputs each, padded to whole groups of 16
/// outputs. Stored alike they are one matrix, in which 16 gates and their 16 ups take turns.
struct GateUpLayout: Sendable, Hashable {
    /// Both in one, or gates and ups.
    let joined: JoinedLayout
    let takesTurns: Bool
    let groups: Int

    init(
        gate: ElementFormat, up: ElementFormat, intermediate: Int, inputs: Int, family: KernelFamily,
        precision: Precision
    ) {
        groups = (intermediate + 15) / 16
        takesTurns = gate == up
        let width = 16 * groups
        joined = JoinedLayout(
            takesTurns ? [(gate, 2 * width)] : [(gate, width), (up, width)], inputs: inputs, family: family,
            precision: precision)
    }

    /// The layout of the results.
    var results: GatedLayout {
        GatedLayout(groupStride: takesTurns ? 32 : 16, upOffset: takesTurns ? 16 : 16 * groups)
    }
}

/// The gate and up matrices of a layer.
struct GateUpWeights: Sendable {
    let layout: GateUpLayout
    /// Both in one, or gates and ups.
    let matrices: JoinedMatrices

    init(_ layout: GateUpLayout, in places: inout StoragePlaces) {
        self.layout = layout
        matrices = JoinedMatrices(layout.joined, in: &places)
    }

    /// Where a gate goes.
    func gate(_ row: Int) -> (matrix: PackedMatrix, output: Int) {
        (matrices.parts[0].matrix, layout.takesTurns ? row / 16 * 32 + row % 16 : row)
    }

    /// Where an up goes.
    func up(_ row: Int) -> (matrix: PackedMatrix, output: Int) {
        layout.takesTurns
            ? (matrices.parts[0].matrix, row / 16 * 32 + 16 + row % 16) : (matrices.parts[1].matrix, row)
    }

    /// Sets the biases, [intermediate] each.
    func setBias(gate gates: [Float], up ups: [Float]) throws {
        var bias = [Float](repeating: 0, count: 32 * layout.groups)
        let upOffset = layout.takesTurns ? 0 : 16 * layout.groups
        for row in gates.indices {
            bias[gate(row).output] = gates[row]
            bias[upOffset + up(row).output] = ups[row]
        }
        try matrices.setBias(bias)
    }
}
