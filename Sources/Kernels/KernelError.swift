/// Why kernels or their threads could not be set up.
public enum KernelError: Error, Sendable, CustomStringConvertible {
    /// `GLIMPQ_ISA` or a parameter asks for an instruction set that is unknown or that this machine lacks.
    case instructionSet(name: String, available: [InstructionSet])
    /// The system refused to start a compute thread.
    case threads(count: Int)
    /// The system refused memory.
    case outOfMemory(bytes: Int, purpose: String)

    /// A bounded label for metrics.
    public var code: String {
        switch self {
        case .instructionSet: "instruction_set"
        case .threads: "compute_threads"
        case .outOfMemory: "out_of_memory"
        }
    }

    /// What happened and what to do about it.
    public var description: String {
        switch self {
        case .instructionSet(let name, let available):
            "instruction set '\(name)' (GLIMPQ_ISA) is not available on this machine; "
                + "choose one of \(available.map(\.rawValue).joined(separator: ", ")) or leave it unset"
        case .threads(let count):
            "could not start \(count) compute threads; lower the number or raise the process limit (ulimit -u)"
        case .outOfMemory(let bytes, let purpose):
            "could not reserve \(bytes) bytes for \(purpose); free memory or choose a smaller model or cache"
        }
    }
}
