internal import CKernels

/// A fixed set of threads that compute together. They are plain system threads: waiting on Swift's cooperative pool would
/// starve everything else. The calling thread takes part as member 0.
///
/// Waiting threads spin for about 30 µs and then sleep, so an idle set costs nothing.
///
/// `@unchecked Sendable`: the C object synchronises its callers itself; concurrent callers take turns.
public final class ComputeThreads: @unchecked Sendable {
    /// Number of members, the caller included.
    public let count: Int
    private let threads: OpaquePointer

    /// Starts `count - 1` threads. Throws `KernelError.threads` if the system refuses.
    public init(count: Int) throws {
        precondition(count >= 1 && count <= 1024, "a set of compute threads has 1 to 1024 members, got \(count)")
        guard let threads = gq_threads_create(Int32(count)) else { throw KernelError.threads(count: count) }
        self.threads = threads
        self.count = count
    }

    deinit { gq_threads_destroy(threads) }

    /// Runs `body(member, 0 ..< chunks)`, each chunk once on whichever member is free, and returns when all are done.
    ///
    /// Members that the system has not woken up by then are not waited for, so a busy machine costs little. `body` runs
    /// on several threads at the same time, on each with another `member`.
    public func share(chunks: Int, _ body: (_ member: Int, _ chunk: Int) -> Void) {
        withoutActuallyEscaping(body) { escapable in
            var job = Job(body: escapable)
            withUnsafeMutablePointer(to: &job) { context in
                gq_threads_share(
                    threads, Int32(chunks),
                    { context, member, chunk in
                        context.assumingMemoryBound(to: Job.self).pointee.body(Int(member), Int(chunk))
                    }, context)
            }
        }
    }

    private struct Job {
        let body: (Int, Int) -> Void
    }
}
