#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension RopeConfiguration {
    /// Reads `rope_parameters` (transformers 5), or `rope_theta` and `rope_scaling` (before). Throws `CheckpointError`.
    init(config: JSONObject, contextLength: Int) throws {
        let parameters = try config.object("rope_parameters")
        let scaling = try parameters ?? config.object("rope_scaling")
        let theta = try parameters?.positiveNumber("rope_theta") ?? config.positiveNumber("rope_theta") ?? 10_000
        guard theta > 1 else { throw config.malformed("rope_theta", "expected a number above 1, got \(theta)") }
        self.init(theta: theta, scaling: try Self.scaling(scaling, contextLength: contextLength))
    }

    private static func scaling(_ object: JSONObject?, contextLength: Int) throws -> Scaling {
        guard let object else { return .none }
        let key = object["rope_type"] == nil && object["type"] != nil ? "type" : "rope_type"
        let type = try object.string(key) ?? "default"
        switch type {
        case "default": return .none
        case "linear": return .linear(factor: try factor(object))
        case "llama3":
            let low = try required(object, "low_freq_factor"), high = try required(object, "high_freq_factor")
            guard high > low else {
                throw object.malformed("high_freq_factor", "expected more than low_freq_factor \(low)")
            }
            return .llama3(
                factor: try factor(object), lowFrequencyFactor: low, highFrequencyFactor: high,
                originalContext: try object.requiredInteger("original_max_position_embeddings", in: 1...Int(Int32.max)))
        case "yarn": return try yarn(object, contextLength: contextLength)
        default: throw object.unsupported(key, got: "'\(type)'", accepted: "default, linear, llama3, yarn")
        }
    }

    private static func required(_ object: JSONObject, _ key: String) throws -> Double {
        guard let number = try object.positiveNumber(key) else { throw object.malformed(key, "the key is missing") }
        return number
    }

    private static func factor(_ object: JSONObject) throws -> Double {
        let factor = try required(object, "factor")
        guard factors.contains(factor) else {
            throw object.malformed("factor", "expected \(factors.lowerBound) to \(factors.upperBound), got \(factor)")
        }
        return factor
    }

    private static func yarn(_ object: JSONObject, contextLength: Int) throws -> Scaling {
        let factor = try Self.factor(object)
        let mscale = try object.number("mscale") ?? 0, mscaleAll = try object.number("mscale_all_dim") ?? 0
        func magnitude(_ scale: Double) -> Double { factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1 }
        let standard = mscale != 0 && mscaleAll != 0 ? magnitude(mscale) / magnitude(mscaleAll) : magnitude(1)
        let fast = try object.positiveNumber("beta_fast") ?? 32, slow = try object.positiveNumber("beta_slow") ?? 1
        guard fast >= slow else {
            throw object.malformed("beta_fast", "expected at least beta_slow \(slow), got \(fast)")
        }
        let attention = try object.positiveNumber("attention_factor") ?? standard
        guard factors.contains(attention) else {
            throw object.malformed(
                "attention_factor", "expected \(factors.lowerBound) to \(factors.upperBound), got \(attention)")
        }
        return .yarn(
            factor: factor, betaFast: fast, betaSlow: slow,
            originalContext: try object.integer("original_max_position_embeddings", in: 1...Int(Int32.max))
                ?? contextLength,
            attentionFactor: attention,
            truncate: try object.bool("truncate") ?? true)
    }
}
