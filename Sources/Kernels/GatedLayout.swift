/// Where gates and ups lie in a row, in groups of 16.
public struct GatedLayout: Sendable {
    /// Elements from the gates of one group to those of the next.
    public let groupStride: Int
    /// Elements from a gate to its up.
    public let upOffset: Int

    /// Describes a layout.
    public init(groupStride: Int, upOffset: Int) {
        self.groupStride = groupStride
        self.upOffset = upOffset
    }
}
