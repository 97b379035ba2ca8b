#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A thread that runs the jobs of one ``Connection`` and nothing else, so that a blocking libpq call never occupies a
/// thread of the cooperative pool.
///
/// `@unchecked Sendable`: `pending` and `stopping` are touched only while `mutex` is held; the two pointers never
/// change after `init`.
final class ConnectionThread: SerialExecutor, @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var pending: [UnownedJob] = []
    private var stopping = false

    /// Starts the thread; it lives until ``stop()``.
    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        let context = Unmanaged.passRetained(self).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let status = pthread_create(
            &thread, nil,
            { context in
                #if canImport(Darwin)
                    Unmanaged<ConnectionThread>.fromOpaque(context).takeRetainedValue().run()
                #else
                    if let context { Unmanaged<ConnectionThread>.fromOpaque(context).takeRetainedValue().run() }
                #endif
                return nil
            }, context)
        precondition(status == 0, "pthread_create failed with error \(status): out of threads or memory")
        #if canImport(Darwin)
            if let thread { pthread_detach(thread) }
        #else
            pthread_detach(thread)
        #endif
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        pending.append(job)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Lets the thread end once it has run what is queued. Nothing may be enqueued afterwards.
    func stop() {
        pthread_mutex_lock(mutex)
        stopping = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    private func run() {
        while let jobs = next() {
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }

    /// Waits for jobs; `nil` after ``stop()``.
    private func next() -> [UnownedJob]? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while pending.isEmpty {
            if stopping { return nil }
            pthread_cond_wait(condition, mutex)
        }
        let jobs = pending
        pending.removeAll()
        return jobs
    }
}
