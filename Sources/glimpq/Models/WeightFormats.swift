import Checkpoints

/// In which formats a checkpoint holds its tensors, and what for.
struct WeightFormats {
    /// All tensors of one format.
    struct Share {
        let format: CheckpointTensor.ElementType
        let tensors: Int
        let bytes: Int
        /// What they are for and how many of them, in the order of a forward pass.
        let roles: [(name: String, count: Int)]
    }

    /// The formats, the one with most bytes first.
    let shares: [Share]

    init(_ checkpoint: Checkpoint) {
        let names = Self.roleNames
        shares = Dictionary(grouping: checkpoint.tensorsByRole) { $0.value.elementType }.map { format, entries in
            let counts = Dictionary(entries.map { (Self.name(of: $0.key), 1) }, uniquingKeysWith: +)
            return Share(
                format: format, tensors: entries.count, bytes: entries.reduce(0) { $0 + $1.value.byteCount },
                roles: names.compactMap { name in counts[name].map { (name, $0) } })
        }.sorted { ($0.bytes, $0.format.rawValue) > ($1.bytes, $1.format.rawValue) }
    }

    /// One line for each format.
    var lines: [String] {
        shares.map { share in
            let roles = share.roles.map { $0.count == 1 ? $0.name : "\($0.count) \($0.name)" }.joined(separator: ", ")
            return "\(share.format.rawValue) \(Figures.bytes(share.bytes)): \(roles)"
        }
    }

    /// An array of objects.
    var json: String {
        JSONText.array(
            shares.map { share in
                JSONText.object([
                    ("format", JSONText.string(share.format.rawValue)), ("tensors", "\(share.tensors)"),
                    ("bytes", "\(share.bytes)"),
                    ("roles", JSONText.object(share.roles.map { ($0.name, "\($0.count)") })),
                ])
            })
    }

    private static let roleNames =
        ["embedding"] + TensorRole.LayerTensor.allCases.map { name(of: .layer(0, $0)) } + [
            "output norm", "output head",
        ]

    private static func name(of role: TensorRole) -> String {
        switch role {
        case .embedding: "embedding"
        case .outputNorm: "output norm"
        case .outputHead: "output head"
        case .layer(_, let tensor):
            // The case's name in words.
            "\(tensor)".reduce(into: "") { $0 += $1.isUppercase ? " \($1.lowercased())" : String($1) }
        }
    }
}
