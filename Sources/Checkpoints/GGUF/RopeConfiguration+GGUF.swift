#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension RopeConfiguration {
    /// Reads the keys `<architecture>.rope.*`; `divisors` is the tensor by which Llama 3 scales. Throws
    /// `CheckpointError`; what is well-formed but not computed is noted in `refusals`.
    init(
        gguf metadata: GGUFMetadata, architecture: Architecture, divisors: CheckpointTensor?, headDim: Int,
        contextLength: Int, refusals: inout GGUFRefusals
    ) throws {
        let prefix = "\(architecture.rawValue).rope"
        let theta = try metadata.positiveNumber("\(prefix).freq_base") ?? 10_000
        guard theta > 1 else {
            throw metadata.malformed("\(prefix).freq_base", "expected a number above 1, got \(theta)")
        }
        var scaling = try Self.scaling(
            metadata, prefix: "\(prefix).scaling", contextLength: contextLength, refusals: &refusals)
        // Older files have a key of its own for linear scaling.
        if case .none = scaling, let factor = try metadata.number("\(prefix).scale_linear"), factor > 0, factor != 1 {
            try Self.check(factor, "\(prefix).scale_linear", metadata)
            scaling = .linear(factor: factor)
        }
        if let divisors {
            if case .none = scaling {
                scaling = .divisors(try Self.divisors(divisors, headDim: headDim))
            } else {
                refusals.note(
                    "\(prefix).scaling.type", got: "\(scaling.name) beside a tensor '\(divisors.name)'",
                    accepted: "one of the two")
            }
        }
        self.init(theta: theta, scaling: scaling)
    }

    private static func scaling(
        _ metadata: GGUFMetadata, prefix: String, contextLength: Int, refusals: inout GGUFRefusals
    ) throws -> Scaling {
        let type = try metadata.string("\(prefix).type")
        let factor = try metadata.number("\(prefix).factor") ?? 0
        guard factor >= 0 else {
            throw metadata.malformed("\(prefix).factor", "expected a number above 0, got \(factor)")
        }
        if factor > 0 { try check(factor, "\(prefix).factor", metadata) }
        let attention = try metadata.positiveNumber("\(prefix).attn_factor") ?? 1
        try check(attention, "\(prefix).attn_factor", metadata)
        if type != "yarn", attention != 1 {
            refusals.note("\(prefix).attn_factor", got: "\(attention)", accepted: "1, unless the type is yarn")
        }
        switch type {
        case "none": return .none
        case nil, "linear": return factor == 0 || factor == 1 ? .none : .linear(factor: factor)
        case "yarn":
            guard factor > 0 else { throw metadata.malformed("\(prefix).factor", "the key is missing") }
            for (name, neutral) in [("yarn_ext_factor", 1.0), ("yarn_attn_factor", 1), ("yarn_log_multiplier", 0)] {
                // llama.cpp writes negative numbers for what is left to its default.
                if let number = try metadata.number("\(prefix).\(name)"), number >= 0, number != neutral {
                    refusals.note("\(prefix).\(name)", got: "\(number)", accepted: "\(neutral)")
                }
            }
            let fast = try metadata.positiveNumber("\(prefix).yarn_beta_fast") ?? 32
            let slow = try metadata.positiveNumber("\(prefix).yarn_beta_slow") ?? 1
            guard fast >= slow else {
                throw metadata.malformed("\(prefix).yarn_beta_fast", "expected at least \(slow), got \(fast)")
            }
            return .yarn(
                factor: factor, betaFast: fast, betaSlow: slow,
                originalContext: try metadata.integer("\(prefix).original_context_length", in: 1...Int(Int32.max))
                    ?? contextLength,
                attentionFactor: attention * (factor <= 1 ? 1 : 0.1 * log(factor) + 1), truncate: true)
        case .some(let other):
            refusals.note("\(prefix).type", got: "'\(other)'", accepted: "none, linear, yarn")
            return .none
        }
    }

    private static func check(_ factor: Double, _ key: String, _ metadata: GGUFMetadata) throws {
        guard factors.contains(factor) else {
            throw metadata.malformed(key, "expected \(factors.lowerBound) to \(factors.upperBound), got \(factor)")
        }
    }

    private static func divisors(_ tensor: CheckpointTensor, headDim: Int) throws -> [Double] {
        guard tensor.shape == [headDim / 2] else {
            throw CheckpointError.wrongShape(
                file: tensor.file.path, tensor: tensor.name, expected: [headDim / 2], got: tensor.shape)
        }
        guard tensor.elementType == .float32 else {
            throw CheckpointError.unsupported(
                file: tensor.file.path, place: "tensor '\(tensor.name)'", got: tensor.elementType.rawValue,
                accepted: "F32")
        }
        let divisors = tensor.withUnsafeBytes { bytes in
            (0..<headDim / 2).map { index in
                let bits = bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                return Double(Float(bitPattern: UInt32(littleEndian: bits)))
            }
        }
        guard divisors.allSatisfy(factors.contains) else {
            throw CheckpointError.malformed(
                file: tensor.file.path, place: "tensor '\(tensor.name)'",
                reason: "expected numbers of \(factors.lowerBound) to \(factors.upperBound)")
        }
        return divisors
    }
}
