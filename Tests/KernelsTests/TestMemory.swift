/// Copies of arrays that stay where they are, for kernels that keep pointers.
final class TestMemory {
    private var pieces: [UnsafeMutableRawPointer] = []

    func copy<Element: BitwiseCopyable>(_ array: [Element]) -> UnsafeMutablePointer<Element> {
        let piece = UnsafeMutablePointer<Element>.allocate(capacity: max(array.count, 1))
        piece.initialize(from: array, count: array.count)
        pieces.append(piece)
        return piece
    }

    deinit { for piece in pieces { piece.deallocate() } }
}
