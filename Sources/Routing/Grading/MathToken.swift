/// A piece of a mathematical answer.
enum MathToken: Sendable, Hashable {
    /// Digits, with a decimal point or an exponent where there is one.
    case number(String)
    /// A variable, by its letter or the name of its command: `x`, `alpha`.
    case variable(String)
    /// A function: `sin`, `log`, `sqrt`.
    case function(String)
    /// A constant: `pi`, `infinity`.
    case constant(String)
    /// Words: units, or an answer that is no formula.
    case words(String)
    /// An operator, a relation, a bracket or a separator; commands under one name: `frac`, `le`, `union`, `plusminus`.
    case symbol(String)
    /// Begins (`true`) or ends a matrix.
    case matrix(Bool)
    /// Digits that repeat for ever behind the number before.
    case repeating(String)
}
