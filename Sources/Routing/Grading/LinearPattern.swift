/// A regular expression that is matched in time linear in the text: all ways through the expression are followed at
/// once (Thompson 1968), so that no expression can make a worker hang. A backtracking matcher, such as the language's
/// own, needs exponential time for some.
///
/// Knows literals, `.`, classes, `\d \w \s \b` and their opposites, `^` and `$` (of the whole text), groups,
/// alternatives, and all quantifiers. What needs memory of earlier text (references, look-around) is refused.
struct LinearPattern: Sendable {
    /// Why a text is no such expression.
    struct Fault: Error, CustomStringConvertible {
        /// Characters before the fault.
        let place: Int
        let reason: String
        var description: String { "at character \(place + 1): \(reason)" }
    }

    /// Steps of a compiled expression.
    enum Instruction: Sendable {
        case scalar(ScalarSet)
        case assertion(Assertion)
        case split(Int, Int)
        case jump(Int)
        case match
    }

    /// Conditions on a place.
    enum Assertion: Sendable {
        case start, end, wordBoundary, noWordBoundary
    }

    /// Most steps after counted repetitions are written out: with the longest text it bounds the work.
    static let mostInstructions = 2000

    private let program: [Instruction]
    private let ignoresCase: Bool

    /// Compiles an expression.
    init(_ pattern: String, ignoresCase: Bool = false) throws(Fault) {
        let node = try PatternParser.parse(pattern)
        var program: [Instruction] = []
        try Self.emit(node, into: &program)
        program.append(.match)
        self.program = program
        self.ignoresCase = ignoresCase
    }

    private static func emit(_ node: PatternNode, into program: inout [Instruction]) throws(Fault) {
        guard program.count < mostInstructions else {
            throw Fault(place: 0, reason: "longer than \(mostInstructions) steps with all repetitions written out")
        }
        switch node {
        case .empty: break
        case .scalar(let set): program.append(.scalar(set))
        case .assertion(let assertion): program.append(.assertion(assertion))
        case .sequence(let nodes): for node in nodes { try emit(node, into: &program) }
        case .alternatives(let a, let b):
            let split = program.count
            program.append(.match)
            try emit(a, into: &program)
            let jump = program.count
            program.append(.match)
            program[split] = .split(split + 1, program.count)
            try emit(b, into: &program)
            program[jump] = .jump(program.count)
        case .repeated(let inner, let least, let most):
            for _ in 0..<least { try emit(inner, into: &program) }
            guard let most else {
                let split = program.count
                program.append(.match)
                try emit(inner, into: &program)
                program.append(.jump(split))
                program[split] = .split(split + 1, program.count)
                return
            }
            var splits: [Int] = []
            for _ in least..<max(least, most) {
                splits.append(program.count)
                program.append(.match)
                try emit(inner, into: &program)
            }
            for split in splits { program[split] = .split(split + 1, program.count) }
        }
    }

    /// Whether the expression matches somewhere in a text, or as a whole.
    func matches(_ text: [Unicode.Scalar], isWhole: Bool) -> Bool {
        var current = ThreadList(count: program.count)
        var next = ThreadList(count: program.count)
        var stack: [Int] = []
        for place in 0...text.count {
            if place == 0 || !isWhole { follow(0, text, place, &current, &stack) }
            for index in current.members {
                switch program[index] {
                case .match: if !isWhole || place == text.count { return true }
                case .scalar(let set):
                    if place < text.count, set.contains(text[place], ignoresCase: ignoresCase) {
                        follow(index + 1, text, place + 1, &next, &stack)
                    }
                default: break
                }
            }
            swap(&current, &next)
            next.clear()
            if isWhole && current.members.isEmpty { return false }
        }
        return false
    }

    /// Adds a step and all that it leads to without reading.
    private func follow(
        _ start: Int, _ text: [Unicode.Scalar], _ place: Int, _ list: inout ThreadList, _ stack: inout [Int]
    ) {
        stack.append(start)
        while let index = stack.popLast() {
            guard list.insert(index) else { continue }
            switch program[index] {
            case .jump(let target): stack.append(target)
            case .split(let a, let b):
                stack.append(b)
                stack.append(a)
            case .assertion(let assertion):
                if holds(assertion, text, place) { stack.append(index + 1) }
            case .scalar, .match: break
            }
        }
    }

    private func holds(_ assertion: Assertion, _ text: [Unicode.Scalar], _ place: Int) -> Bool {
        switch assertion {
        case .start: return place == 0
        case .end: return place == text.count
        case .wordBoundary, .noWordBoundary:
            let before = place > 0 && ScalarSet.isWord(text[place - 1])
            let after = place < text.count && ScalarSet.isWord(text[place])
            return (before != after) == (assertion == .wordBoundary)
        }
    }

    /// Steps that are being followed, each once.
    private struct ThreadList {
        private(set) var members: [Int] = []
        private var isMember: [Bool]

        init(count: Int) { isMember = Array(repeating: false, count: count) }

        mutating func insert(_ index: Int) -> Bool {
            if isMember[index] { return false }
            isMember[index] = true
            members.append(index)
            return true
        }

        mutating func clear() {
            for index in members { isMember[index] = false }
            members.removeAll(keepingCapacity: true)
        }
    }
}
