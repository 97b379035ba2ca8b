import Decoder
import Foundation
public import Generation
import Synchronization

/// Runs models on one dedicated thread that batches the requests of all callers continuously. The models take turns
/// by whole forward passes, each of which uses all compute threads.
public final class InferenceEngine: Sendable {
    private let inbox = Inbox()
    private let published: MetricsBoard
    private let finished = DispatchSemaphore(value: 0)
    private let models: [EngineModel]

    /// Starts the thread.
    ///
    /// - Parameter models: The models to serve; names are unique.
    /// - Throws: `KernelError.outOfMemory` if the system refuses the address space of a KV cache.
    init(_ loaded: [LoadedModel]) throws {
        let caches = try loaded.map {
            try KeyValueCache(shape: $0.decoder.shape, blockCount: $0.blockCount, format: $0.cacheFormat)
        }
        published = MetricsBoard(count: loaded.count)
        models = loaded.enumerated().map { [inbox] index, model in
            EngineModel(model, index: index, inbox: inbox)
        }
        let thread = Thread { [inbox, published, finished] in
            Self.run(Array(zip(loaded, caches)), inbox: inbox, metrics: published)
            finished.signal()
        }
        thread.name = "glimpq-engine"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// The model of a name, or `nil`.
    public func model(named name: String) -> (any LanguageModel)? {
        models.first { $0.identity.name == name }
    }

    /// What each model has done so far, by name.
    public var metrics: [String: ModelMetrics] {
        let values = published.read()
        return Dictionary(uniqueKeysWithValues: zip(models.map(\.identity.name), values))
    }

    /// Answers all open requests with ``ModelError/shutDown`` and ends the thread. Later requests fail the same way.
    public func shutDown() async {
        guard inbox.post(.shutDown) else { return }
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [finished] in
                finished.wait()
                finished.signal()  // for whoever else waits
                continuation.resume()
            }
        }
    }

    private static func run(_ models: [(LoadedModel, KeyValueCache)], inbox: Inbox, metrics: MetricsBoard) {
        let runners = models.map { ModelRunner($0, cache: $1) }
        while true {
            let isIdle = !runners.contains { $0.hasWork }
            let commands = inbox.take(waiting: isIdle)
            for (index, command) in commands.enumerated() {
                switch command {
                case .submit(let model, let request): runners[model].submit(request)
                case .cancel(let model, let request): runners[model].cancel(request)
                case .close(let model, let sequence): runners[model].close(sequence)
                case .shutDown:
                    for runner in runners { runner.failAll(ModelError.shutDown) }
                    for case .submit(_, let request) in commands[(index + 1)...] + inbox.close() {
                        request.fail(ModelError.shutDown)
                    }
                    return
                }
            }
            for (index, runner) in runners.enumerated() where runner.hasWork {
                runner.step()
                metrics.publish(runner.metrics, at: index)
            }
        }
    }
}

/// The latest account of every model, for readers on other threads.
private final class MetricsBoard: Sendable {
    private let values: Mutex<[ModelMetrics]>

    init(count: Int) { values = Mutex(Array(repeating: ModelMetrics(), count: count)) }

    func publish(_ metrics: ModelMetrics, at index: Int) { values.withLock { $0[index] = metrics } }

    func read() -> [ModelMetrics] { values.withLock { $0 } }
}
