public import Kernels

/// What a pool file says: the models to load and the pairs that jobs can name.
///
/// ```json
/// {
///   "threads": 2,
///   "default_pair": "demo",
///   "models": {
///     "demo-slm": {"path": "../Ops/demo-pair/slm", "kv_cache_mib": 64},
///     "demo-llm": {"path": "../Ops/demo-pair/llm"}
///   },
///   "pairs": {"demo": {"slm": "demo-slm", "llm": "demo-llm"}}
/// }
/// ```
public struct ModelPoolDescription: Sendable, Hashable, Decodable {
    /// Compute threads; `nil`: as many as the process may use.
    public var threads: Int?
    /// Memory of weights, KV caches and working memory together in MiB; `nil`: three quarters of what the process may use.
    public var memoryMiB: Int?
    /// Where packed weights are kept for the next start and for other workers; `nil`: as the program decides.
    public var weightCache: WeightCacheChoice?
    /// The pair of jobs that name none.
    public var defaultPair: String
    /// The models, by name.
    public var models: [String: Model]
    /// The pairs, by name.
    public var pairs: [String: Pair]
    /// Small networks on the models' hidden states, by name.
    public var heads: [String: Head]

    /// A model to load, or one to simulate.
    public struct Model: Sendable, Hashable, Decodable {
        /// Folder of a Hugging Face checkpoint or GGUF file; relative to the pool file. `nil` for a simulated model.
        public var path: String?
        /// How to simulate the model; `nil` for one with weights.
        public var simulated: SimulatedModelDescription?
        /// Kernel family: `own` (default) or `openblas`.
        public var kernels: String?
        /// How products treat weights and inputs: `exact` or `fast`; `nil`: exact for floats, fast for quantised weights.
        public var precision: Precision?
        /// Size of the KV cache in MiB; `nil`: a share of what the weights leave, at most 64 full contexts.
        public var kvCacheMiB: Int?
        /// How the KV cache holds keys and values: `f32` or `f16`; `nil`: f32 beside exact products, f16 beside fast ones.
        public var kvCacheType: KeyValueFormat?
        /// Most tokens in one forward pass where nothing is said.
        static let usualBatchTokens = 512
        /// Most tokens in one forward pass; `nil`: 512.
        public var maximumBatchTokens: Int?
        /// Most tokens of one sequence in one forward pass; `nil`: 128.
        public var maximumPrefillChunk: Int?
        /// Prompt template; `nil`: by the tokens of the vocabulary.
        public var template: String?

        /// Describes a model; settings left out get their defaults.
        public init(
            path: String, kernels: String? = nil, precision: Precision? = nil, kvCacheMiB: Int? = nil,
            kvCacheType: KeyValueFormat? = nil, maximumBatchTokens: Int? = nil,
            maximumPrefillChunk: Int? = nil, template: String? = nil
        ) {
            self.path = path
            self.kernels = kernels
            self.precision = precision
            self.kvCacheMiB = kvCacheMiB
            self.kvCacheType = kvCacheType
            self.maximumBatchTokens = maximumBatchTokens
            self.maximumPrefillChunk = maximumPrefillChunk
            self.template = template
        }

        /// Describes a simulated model.
        public init(simulated: SimulatedModelDescription) { self.simulated = simulated }

        enum CodingKeys: String, CodingKey, CaseIterable {
            case path, simulated, kernels, precision, template
            case kvCacheMiB = "kv_cache_mib"
            case kvCacheType = "kv_cache_type"
            case maximumBatchTokens = "max_batch_tokens"
            case maximumPrefillChunk = "max_prefill_chunk"
        }

        /// Reads an entry; refuses keys that it does not know.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.members(CodingKeys.self)
            simulated = try values.decodeIfPresent(SimulatedModelDescription.self, forKey: .simulated)
            if simulated != nil {
                for key in values.allKeys where key != .simulated {
                    throw values.fault(key, "a simulated model takes no other key")
                }
                return
            }
            path = try values.decode(String.self, forKey: .path)
            let family: KernelFamily? = try values.decodeChoice(.kernels)
            kernels = family?.rawValue
            precision = try values.decodeChoice(.precision)
            kvCacheMiB = try values.decodePositive(.kvCacheMiB, upTo: 1 << 30)
            kvCacheType = try values.decodeChoice(.kvCacheType)
            maximumBatchTokens = try values.decodePositive(.maximumBatchTokens, upTo: 1 << 20)
            maximumPrefillChunk = try values.decodePositive(.maximumPrefillChunk, upTo: 1 << 20)
            if let chunk = maximumPrefillChunk, chunk > maximumBatchTokens ?? Self.usualBatchTokens {
                throw values.fault(
                    .maximumPrefillChunk,
                    "expected at most max_batch_tokens, "
                        + "\(maximumBatchTokens ?? Self.usualBatchTokens)\(maximumBatchTokens == nil ? " unless stated" : ""), "
                        + "got \(chunk)")
            }
            if family == .openBLAS, precision == .fast {
                throw values.fault(
                    .precision, "expected \"exact\" beside \"kernels\": \"openblas\", which has no fast products")
            }
            template = try values.decodeIfPresent(String.self, forKey: .template)
        }
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case threads, models, pairs, heads
        case memoryMiB = "memory_mib"
        case weightCache = "weight_cache"
        case defaultPair = "default_pair"
    }

    /// Reads a description; refuses keys that it does not know, and pairs of models that it does not list.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.members(CodingKeys.self)
        threads = try values.decodePositive(.threads, upTo: 1024)
        memoryMiB = try values.decodePositive(.memoryMiB, upTo: 1 << 30)
        weightCache = try values.decodeIfPresent(WeightCacheChoice.self, forKey: .weightCache)
        models = try values.decode([String: Model].self, forKey: .models)
        pairs = try values.decode([String: Pair].self, forKey: .pairs)
        defaultPair = try values.decode(String.self, forKey: .defaultPair)
        heads = try values.decodeIfPresent([String: Head].self, forKey: .heads) ?? [:]
        for (name, head) in heads.sorted(by: { $0.key < $1.key }) {
            if let fault = fault(ofHead: head) {
                throw values.fault(.heads, "head \"\(name)\" \(fault)")
            }
        }
        for (name, pair) in pairs.sorted(by: { $0.key < $1.key }) {
            if let fault = fault(of: pair) {
                throw values.fault(.pairs, "pair \"\(name)\" \(fault)")
            }
        }
        if pairs[defaultPair] == nil {
            throw values.fault(
                .defaultPair,
                pairs.isEmpty
                    ? "there are no pairs"
                    : "expected one of \(pairs.keys.sorted().joined(separator: ", ")), got \"\(defaultPair)\"")
        }
    }
}
