/// What this program is.
public enum Product {
    /// Its version, as results and workers record it.
    public static let version = "0.1.0"
}
