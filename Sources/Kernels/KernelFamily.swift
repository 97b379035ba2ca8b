internal import COpenBLAS

/// Who computes the matrix products of a loaded model. One family serves every batch shape of a model, since two
/// families sum in different orders.
public enum KernelFamily: String, Sendable, CaseIterable {
    /// Packed panels and our own kernels. A row's result does not depend on the batch, the threads or the instruction set.
    case own
    /// `cblas_sgemm` on float32 weights: the yardstick in tests. Bit-identical results across batches are up to OpenBLAS.
    case openBLAS = "openblas"

    /// OpenBLAS must not start threads of its own: our compute threads call it side by side.
    static let openBLASIsSingleThreaded: Bool = {
        openblas_set_num_threads(1)
        return true
    }()
}
