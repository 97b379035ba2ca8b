import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether somebody wants the command to stop where it can be taken up again: the first Ctrl-C (or SIGTERM) asks, the
/// second ends the process.
struct Interruption: Sendable {
    private static let requested = Atomic<Bool>(false)

    /// Begins to listen; until then a signal ends the process as ever.
    static func listen() -> Interruption {
        requested.store(false, ordering: .relaxed)  // also makes the flag before a handler may touch it
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interruption.requested.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
        return Interruption()
    }

    /// Whether it was asked for.
    var isRequested: Bool { Self.requested.load(ordering: .relaxed) }
}
