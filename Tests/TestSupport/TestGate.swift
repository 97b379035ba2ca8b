/// Lets a bounded number of tests use the database server at once: the test runner starts all tests together, and a
/// server has a bounded number of connections.
actor TestGate {
    /// The gate of the server.
    static let server = TestGate(places: 16)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) { free = places }

    /// Waits for a place.
    func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    /// Gives the place to the test that has waited longest.
    func leave() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
