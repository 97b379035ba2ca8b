internal import Checkpoints

/// What `head.json` says: the extents of a small network on a decoder's last hidden state, and what it is for.
///
/// The general form is the router of R2R; a linear probe or the value head of a reward model are its small cases.
///
/// Source: R2R (arXiv 2505.21600), the default configuration of `thu-nics/R2R`.
public struct HeadDescription: Sendable, Hashable {
    /// What the network reads, in the order of concatenation.
    public enum Input: String, Sendable, Hashable, CaseIterable {
        /// The hidden state behind the decoder's last norm.
        case hidden
        /// The decoder's input embedding of the token that was drawn.
        case embedding
        /// The greatest logits, descending, through a linear layer.
        case logits
    }

    /// What becomes of the network's number.
    public enum Output: String, Sendable, Hashable, CaseIterable {
        /// 1 / (1 + e⁻ᶻ).
        case sigmoid
        /// The number itself.
        case linear
    }

    /// The model that the head was trained on.
    public struct Base: Sendable, Hashable {
        /// Its name in the pool it was trained with.
        public var name: String
        /// The fingerprint of its weights, if the head insists on them.
        public var fingerprint: String?
    }

    /// What it reads.
    public let inputs: [Input]
    /// Width of the decoder's hidden state.
    public let hiddenSize: Int
    /// Number of logits it reads; 0 without ``Input/logits``.
    public let topLogits: Int
    /// Outputs of the layer that reads the logits; 0 without ``Input/logits``.
    public let logitsWidth: Int
    /// Width of the network.
    public let width: Int
    /// Linear layers before the blocks, one after the other.
    public let inputLayers: Int
    /// Residual blocks.
    public let blocks: Int
    /// Inner width of a block over ``width``.
    public let expansion: Int
    /// What becomes of the number.
    public let output: Output
    /// From which value on the head says yes; `nil`: it only gives values.
    public let threshold: Double?
    /// The model it was trained on.
    public let base: Base?
    /// What it was trained for, such as `r2r` or `reward`.
    public let purpose: String?

    /// The name of the format.
    static let format = "glimpq-head-1"

    private static let keys: Set<String> = [
        "format", "inputs", "hidden_size", "top_logits", "logits_width", "width", "input_layers", "blocks",
        "expansion", "activation", "output", "threshold", "base", "purpose", "model_card",
    ]

    /// Reads a `head.json`. Throws `CheckpointError` naming file and key.
    public init(path: String) throws { try self.init(JSONObject(path: path)) }

    private init(_ json: JSONObject) throws {
        guard try json.string("format") == Self.format else {
            throw json.unsupported(
                "format", got: try json.string("format")?.debugDescription ?? "no format",
                accepted: "\"\(Self.format)\"")
        }
        if let stray = json.keys.first(where: { !Self.keys.contains($0) }) {
            throw json.malformed(stray, "unknown key; known are \(Self.keys.sorted().joined(separator: ", "))")
        }
        func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, _ key: String) throws -> Choice {
            guard let choice = Choice(rawValue: name) else {
                throw json.unsupported(
                    key, got: name.debugDescription,
                    accepted: Choice.allCases.map(\.rawValue.debugDescription).joined(separator: ", "))
            }
            return choice
        }
        inputs = try (json.strings("inputs") ?? []).map { try choice($0, "inputs") }
        // One order of concatenation, so that no two files mean different things by one set.
        guard inputs.contains(.hidden), inputs == Input.allCases.filter(inputs.contains) else {
            throw json.malformed("inputs", "expected [\"hidden\"], or with \"embedding\" and \"logits\" behind it")
        }
        hiddenSize = try json.requiredInteger("hidden_size", in: 1...1 << 20)
        let readsLogits = inputs.contains(.logits)
        if !readsLogits, let key = ["top_logits", "logits_width"].first(where: json.keys.contains) {
            throw json.malformed(key, "the inputs have no \"logits\"")
        }
        topLogits = readsLogits ? try json.requiredInteger("top_logits", in: 1...1 << 20) : 0
        logitsWidth = readsLogits ? try json.requiredInteger("logits_width", in: 1...1 << 20) : 0
        width = try json.requiredInteger("width", in: 1...1 << 20)
        inputLayers = try json.requiredInteger("input_layers", in: 1...64)
        blocks = try json.requiredInteger("blocks", in: 0...1024)
        expansion =
            try blocks > 0 ? json.requiredInteger("expansion", in: 1...64) : json.integer("expansion", in: 1...64) ?? 1
        if let activation = try json.string("activation"), activation != "gelu" {
            throw json.unsupported("activation", got: activation.debugDescription, accepted: "\"gelu\"")
        }
        guard let name = try json.string("output") else { throw json.malformed("output", "the key is missing") }
        output = try choice(name, "output")
        threshold = try json.number("threshold")
        base = try json.object("base").map { base in
            guard let name = try base.string("name") else { throw base.malformed("name", "the key is missing") }
            return Base(name: name, fingerprint: try base.string("fingerprint"))
        }
        purpose = try json.string("purpose")
        _ = try json.string("model_card")
    }

    /// Width of the concatenated inputs.
    var inputWidth: Int {
        inputs.reduce(0) { sum, input in
            switch input {
            case .hidden, .embedding: sum + hiddenSize
            case .logits: sum + logitsWidth
            }
        }
    }

    /// The tensors that `head.safetensors` has to hold, with their shapes.
    var tensors: [(name: String, shape: [Int])] {
        var list: [(String, [Int])] = []
        func linear(_ name: String, outputs: Int, inputs: Int) {
            list += [("\(name).weight", [outputs, inputs]), ("\(name).bias", [outputs])]
        }
        func norm(_ name: String) { list += [("\(name).weight", [width]), ("\(name).bias", [width])] }
        if topLogits > 0 { linear("logits", outputs: logitsWidth, inputs: topLogits) }
        for layer in 0..<inputLayers {
            linear("input.\(layer)", outputs: width, inputs: layer == 0 ? inputWidth : width)
        }
        for block in 0..<blocks {
            norm("blocks.\(block).norm")
            linear("blocks.\(block).up", outputs: expansion * width, inputs: width)
            linear("blocks.\(block).down", outputs: width, inputs: expansion * width)
        }
        norm("norm")
        linear("output", outputs: 1, inputs: width)
        return list
    }

    /// Bytes of the weights in memory, about.
    public var weightByteCount: Int { parameterCount * MemoryLayout<Float>.stride }

    /// Number of parameters.
    public var parameterCount: Int { tensors.reduce(0) { $0 + $1.shape.reduce(1, *) } }
}
