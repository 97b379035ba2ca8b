/// A priority queue of integers, smallest first: a heap with four children per node, which halves the depth of a binary
/// one and keeps siblings within half a cache line.
struct MinimumHeap {
    private var nodes: [UInt64] = []

    /// Empties the queue and keeps its memory.
    mutating func removeAll() { nodes.removeAll(keepingCapacity: true) }

    /// Adds a number.
    mutating func insert(_ number: UInt64) {
        var place = nodes.count
        nodes.append(number)
        while place > 0 {
            let parent = (place - 1) / 4
            guard number < nodes[parent] else { break }
            nodes[place] = nodes[parent]
            place = parent
        }
        nodes[place] = number
    }

    /// Takes the smallest number out; `nil` if there is none.
    mutating func popFirst() -> UInt64? {
        guard let last = nodes.popLast() else { return nil }
        guard let first = nodes.first else { return last }
        var place = 0
        while case let child = 4 * place + 1, child < nodes.count {
            var smallest = child
            for sibling in child + 1..<max(child + 1, min(child + 4, nodes.count))
            where nodes[sibling] < nodes[smallest] {
                smallest = sibling
            }
            guard nodes[smallest] < last else { break }
            nodes[place] = nodes[smallest]
            place = smallest
        }
        nodes[place] = last
        return first
    }
}
