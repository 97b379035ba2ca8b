import Kernels
import Metrics
import Synchronization
import Worker

/// What monitoring is told about a worker process, from before its models are loaded until it ends.
final class WorkerMonitor: Sendable {
    private let worker = Mutex<Worker?>(nil)

    /// The worker is made: its models are loaded.
    func watch(_ worker: Worker) { self.worker.withLock { $0 = worker } }

    /// Why the process cannot take work; `nil` if it can.
    var unreadiness: String? {
        guard let worker = worker.withLock({ $0 }) else { return "models are being loaded" }
        return worker.readiness.reason
    }

    /// All metrics of the process.
    var metrics: [MetricFamily] {
        get async {
            let own = [Self.build] + ProcessFigures.families
            guard let worker = worker.withLock({ $0 }) else { return own }
            return await worker.metrics + own
        }
    }

    /// Which program this is.
    static var build: MetricFamily {
        var family = MetricFamily(.gauge, "glimpq_build_info", "1; the labels say which program this is.")
        let kernels = (try? InstructionSet.fromEnvironment()).map(\.rawValue) ?? "unknown"
        family.add(1, .init("version", Product.version), .init("instruction_set", kernels))
        return family
    }
}
