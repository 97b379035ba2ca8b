import Checkpoints
import Decoder
import Foundation
import Generation
import Heads
import Kernels

/// A model of a pool before it is loaded: its checkpoint is mapped, its settings are checked, its needs are known.
struct OpenedModel {
    let name: String
    let path: String
    let entry: ModelPoolDescription.Model
    let checkpoint: Checkpoint
    let family: KernelFamily
    let precision: Precision
    /// How the KV cache holds keys and values.
    let cacheFormat: KeyValueFormat
    /// Most tokens in one forward pass.
    let maximumRows: Int
    /// The heads on its hidden states, in the order of their names.
    private(set) var heads: [OpenedHead] = []

    /// Opens the checkpoint of an entry.
    ///
    /// - Throws: What the checkpoint throws, and a `ModelError` for bad settings.
    init(name: String, path: String, entry: ModelPoolDescription.Model) throws {
        self.name = name
        self.path = path
        self.entry = entry
        checkpoint = try Checkpoint.open(path: path)
        family = try Self.family(named: entry.kernels)
        precision = entry.precision ?? Precision(suiting: checkpoint, family: family)
        cacheFormat = entry.kvCacheType ?? KeyValueFormat(suiting: precision)
        maximumRows = entry.maximumBatchTokens ?? ModelPoolDescription.Model.usualBatchTokens
    }

    /// Opens all models of a description that have weights, in the order of their names.
    ///
    /// - Throws: A `ModelPoolError` that names every model that cannot be opened.
    static func all(of description: ModelPoolDescription, relativeTo folder: URL) throws -> [OpenedModel] {
        var opened: [OpenedModel] = [], errors: [ModelPoolError] = []
        for (name, entry) in description.models.sorted(by: { $0.key < $1.key }) {
            guard let location = entry.path else { continue }
            let path = URL(fileURLWithPath: location, relativeTo: folder).standardizedFileURL.path
            do {
                var model = try OpenedModel(name: name, path: path, entry: entry)
                model.open(description.heads, relativeTo: folder, &errors)
                opened.append(model)
            } catch {
                errors.append(ModelPoolError.badModel(name: name, path: path, reason: "\(error)"))
            }
        }
        if errors.count == 1 { throw errors[0] }
        if !errors.isEmpty { throw ModelPoolError.badModels(errors) }
        return opened
    }

    /// Opens those of a pool's heads that read the model.
    private mutating func open(
        _ entries: [String: ModelPoolDescription.Head], relativeTo folder: URL, _ errors: inout [ModelPoolError]
    ) {
        for (head, entry) in entries.sorted(by: { $0.key < $1.key }) where entry.model == name {
            guard let location = entry.path else { continue }
            let path = URL(fileURLWithPath: location, relativeTo: folder).standardizedFileURL.path
            do {
                heads.append(try OpenedHead(name: head, path: path, model: name, checkpoint))
            } catch {
                errors.append(ModelPoolError.badHead(name: head, path: path, reason: "\(error)"))
            }
        }
    }

    /// What the model needs, its heads included.
    func demand(threads: Int) -> MemoryPlan.Demand {
        let shape = checkpoint.shape
        return MemoryPlan.Demand(
            name: name,
            weightBytes: Decoder.weightByteCount(of: checkpoint, family: family, precision: precision)
                + heads.reduce(0) { $0 + $1.description.weightByteCount },
            scratchBytes: PoolMemory.workingBytes(shape, maximumRows: maximumRows, threads: threads),
            blockBytes: KeyValueCache.bytesPerBlock(shape, format: cacheFormat),
            contextBlocks: (shape.contextLength + KeyValueCache.blockTokens - 1) / KeyValueCache.blockTokens,
            cacheBytes: entry.kvCacheMiB.map { $0 << 20 })
    }

    private static func family(named name: String?) throws -> KernelFamily {
        guard let name else { return .own }
        guard let family = KernelFamily(rawValue: name) else {
            throw ModelError.invalidRequest(
                "unknown kernel family \(name.debugDescription); known: "
                    + KernelFamily.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return family
    }
}
