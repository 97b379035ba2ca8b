/// What a GGUF file asks for that is not computed, gathered so that one message names all of it.
struct GGUFRefusals {
    private let metadata: GGUFMetadata
    private var errors: [CheckpointError] = []

    init(_ metadata: GGUFMetadata) { self.metadata = metadata }

    /// Notes that a key asks for something that is not computed.
    mutating func note(_ key: String, got: String, accepted: String) {
        errors.append(metadata.unsupported(key, got: got, accepted: accepted))
    }

    /// Throws what has been noted, if there is anything.
    func throwAny() throws { try CheckpointError.throwAny(of: errors) }

    /// Notes the formats of tensors that are not read, each once.
    mutating func check(_ unread: [GGUFFile.UnreadTensor]) {
        for (type, tensors) in Dictionary(grouping: unread, by: \.type).sorted(by: { $0.key.number < $1.key.number }) {
            let others = tensors.count > 1 ? " and \(tensors.count - 1) more" : ""
            errors.append(
                .unsupported(
                    file: metadata.file.path, place: "tensor '\(tensors[0].name)'\(others)", got: type.name,
                    accepted: CheckpointTensor.ElementType.accepted))
        }
    }

    /// The architecture. Throws what has been noted if it is none of ours, as no other key can then be read.
    mutating func architecture() throws -> Architecture {
        let key = "general.architecture"
        guard let name = try metadata.string(key) else { throw metadata.malformed(key, "the key is missing") }
        if let architecture = Architecture(rawValue: name) { return architecture }
        note(key, got: "'\(name)'", accepted: Architecture.allCases.map(\.rawValue).joined(separator: ", "))
        try throwAny()
        throw metadata.malformed(key, "unknown architecture '\(name)'")
    }

    /// Numbers that scale or bound something on the way, with the values at which they do nothing.
    private static let neutral: [(key: String, values: [Double])] = [
        ("embedding_scale", [0, 1]), ("logit_scale", [0, 1]), ("residual_scale", [0, 1]), ("attention.scale", [0]),
        ("attention.clamp_kqv", [0]), ("attn_logit_softcapping", [0]), ("final_logit_softcapping", [0]),
    ]

    /// Notes every key that would change the arithmetic. Throws `CheckpointError` if a value is of the wrong kind.
    mutating func check(_ architecture: Architecture, headDim: Int, contextLength: Int) throws {
        func key(_ name: String) -> String { "\(architecture.rawValue).\(name)" }
        if let type = try metadata.string("general.type"), type != "model" {
            note("general.type", got: "'\(type)'", accepted: "model")
        }
        let count = 0...Int(Int32.max)
        if try metadata.integer(key("expert_count"), in: count) ?? 0 > 0 {
            note(key("expert_count"), got: "a mixture of experts", accepted: "dense models")
        }
        if let window = try metadata.integer(key("attention.sliding_window"), in: 0...Int.max), window > 0,
            window < contextLength
        {
            note(key("attention.sliding_window"), got: "a window of \(window) tokens", accepted: "full attention")
        }
        if try metadata.bool(key("attention.causal")) == false {
            note(key("attention.causal"), got: "false", accepted: "true")
        }
        if let pooling = try metadata.integer(key("pooling_type"), in: 0...Int.max), pooling != 0 {
            note(key("pooling_type"), got: "an embedding model", accepted: "models that generate text")
        }
        for name in ["attention.value_length", "rope.dimension_count"] {
            if let width = try metadata.integer(key(name), in: count), width != headDim {
                note(key(name), got: "\(width)", accepted: "the width of a head, \(headDim)")
            }
        }
        for (name, values) in Self.neutral {
            if let number = try metadata.number(key(name)), !values.contains(number) {
                note(key(name), got: "\(number)", accepted: "\(values[values.count - 1])")
            }
        }
    }
}
