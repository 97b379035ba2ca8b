/// A set of job numbers, a bit each: jobs of a batch mostly have numbers in a row.
public struct JobSet: Sendable, Hashable {
    private static let pageWords = 64
    private var pages: [Int64: [UInt64]] = [:]
    /// How many numbers it has.
    public private(set) var count = 0

    /// Creates an empty set.
    public init() {}

    /// Whether a number is in the set.
    public func contains(_ job: Int64) -> Bool {
        let (page, word, bit) = Self.place(of: job)
        return (pages[page]?[word] ?? 0) & bit != 0
    }

    /// Adds a number.
    ///
    /// - Returns: Whether it was not there.
    @discardableResult
    public mutating func insert(_ job: Int64) -> Bool {
        let (page, word, bit) = Self.place(of: job)
        guard !contains(job) else { return false }
        pages[page, default: [UInt64](repeating: 0, count: Self.pageWords)][word] |= bit
        count += 1
        return true
    }

    private static func place(of job: Int64) -> (page: Int64, word: Int, bit: UInt64) {
        (job >> 12, Int(job >> 6 & 63), 1 << UInt64(job & 63))
    }

    /// The numbers as text: `1-500,502`.
    public var text: String {
        var parts: [String] = []
        var open: ClosedRange<Int64>?
        func close() {
            guard let open else { return }
            parts.append(open.count == 1 ? "\(open.lowerBound)" : "\(open.lowerBound)-\(open.upperBound)")
        }
        for (page, words) in pages.sorted(by: { $0.key < $1.key }) {
            for (index, word) in words.enumerated() where word != 0 {
                for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 {
                    let job = page << 12 | Int64(index) << 6 | Int64(bit)
                    if let range = open, range.upperBound == job - 1 {
                        open = range.lowerBound...job
                    } else {
                        close()
                        open = job...job
                    }
                }
            }
        }
        close()
        return parts.joined(separator: ",")
    }

    /// Reads ``text``; `nil` if it is something else.
    public init?(text: some StringProtocol) {
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2 else { return nil }
            guard first >= 0, first <= last, last - first < 1 << 32 else { return nil }
            for job in first...last { insert(job) }
        }
    }
}
