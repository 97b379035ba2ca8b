/// Memory between the layers of a head, kept from call to call. All row-major.
struct HeadWorkspace {
    /// [rows][logits width]
    var read: [Float] = []
    /// [rows][input width]
    var joined: [Float] = []
    /// [rows][width]: the residual stream
    var stream: [Float] = []
    /// [rows][width]
    var normed: [Float] = []
    /// [rows][expansion · width]
    var inner: [Float] = []
    /// [rows]
    var value: [Float] = []

    /// Makes room for rows; what the memory held is lost.
    mutating func resize(_ head: HeadDescription, rows: Int) {
        Self.resize(&read, rows * head.logitsWidth)
        Self.resize(&joined, rows * head.inputWidth)
        Self.resize(&stream, rows * head.width)
        Self.resize(&normed, rows * head.width)
        Self.resize(&inner, head.blocks > 0 ? rows * head.expansion * head.width : 0)
        Self.resize(&value, rows)
    }

    private static func resize(_ memory: inout [Float], _ count: Int) {
        if memory.count > count {
            memory.removeLast(memory.count - count)
        } else {
            memory.append(contentsOf: repeatElement(0, count: count - memory.count))
        }
    }
}
