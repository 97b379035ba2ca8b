/// Where the results of one flagged row lie: its ranks among those of all rows, the rest as floats from the start of what
/// the pass keeps.
struct HeadPlace {
    /// The best drawable token, then the ranking up to the place of the next row.
    var ranks: Int
    /// All logits, or −1.
    var logits: Int
    /// The hidden state, or −1.
    var hidden: Int
    /// Logits of single tokens.
    var picked: Int
    /// The first of these tokens in the batch's list.
    var firstPick: Int
    /// Number of these tokens.
    var pickedCount: Int
}
