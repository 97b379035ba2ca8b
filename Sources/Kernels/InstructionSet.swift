internal import CKernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The instruction sets that the kernels are compiled for. All of them give the same bits.
public enum InstructionSet: String, Sendable, CaseIterable {
    /// What any processor of the architecture has, with an emulated fused multiply-add.
    case portable
    /// AVX2, FMA and F16C.
    case avx2
    /// AVX-512 F, BW, VL and DQ.
    case avx512
    /// The same with VNNI: sums of products of bytes.
    case avx512vnni
    /// The same with products of bfloat16 pairs.
    case avx512bf16
    /// NEON, which every 64-bit Arm processor has.
    case neon

    /// Those that this machine can run, the fastest last.
    public static var available: [InstructionSet] {
        allCases.filter { gq_kernels_for($0.code) != nil }
    }

    /// The fastest one of this machine.
    public static var best: InstructionSet { available.last ?? .portable }

    /// What the environment variable `GLIMPQ_ISA` names, or the best of this machine if it is unset or empty.
    ///
    /// Throws `KernelError.instructionSet` if it names none or one that this machine lacks.
    public static func fromEnvironment() throws -> InstructionSet {
        guard let value = getenv("GLIMPQ_ISA") else { return best }
        return try named(String(cString: value))
    }

    /// The available instruction set of that name; the empty name is the best one.
    static func named(_ name: String) throws -> InstructionSet {
        if name.isEmpty { return best }
        guard let set = InstructionSet(rawValue: name), gq_kernels_for(set.code) != nil else {
            throw KernelError.instructionSet(name: name, available: available)
        }
        return set
    }

    /// Its `GQ_` constant.
    var code: Int32 {
        switch self {
        case .portable: Int32(GQ_PORTABLE)
        case .avx2: Int32(GQ_AVX2)
        case .avx512: Int32(GQ_AVX512)
        case .avx512vnni: Int32(GQ_AVX512_VNNI)
        case .avx512bf16: Int32(GQ_AVX512_BF16)
        case .neon: Int32(GQ_NEON)
        }
    }
}
