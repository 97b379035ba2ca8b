/// How a model's products treat weights and inputs. Both give the same bits for any batch, thread count and instruction set.
public enum Precision: String, Sendable, CaseIterable {
    /// Float32 arithmetic on the weights as the file states them; quantised weights are widened, at four bytes each.
    case exact
    /// Weights stay as small as in the file; inputs are rounded to what the fastest instructions take: bfloat16 beside
    /// bfloat16 weights, 8-bit integers in blocks of 32 beside quantised ones. With bfloat16, instruction sets may
    /// differ where a sum falls below 2⁻¹²⁶: instructions for bfloat16 take such numbers for zero.
    case fast
}
