/// Names a sequence in a model: the owner of KV cache blocks. The caller makes it up, unique in the process, uses the
/// same one for all requests of a job to a model, and closes it at the end.
public struct SequenceID: Sendable, Hashable {
    /// The number behind the name.
    public let value: UInt64

    /// Creates a name.
    public init(_ value: UInt64) { self.value = value }
}
