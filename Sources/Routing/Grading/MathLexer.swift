/// Takes a mathematical answer, LaTeX or plain, apart into tokens, and leaves out what only concerns its looks.
struct MathLexer {
    private let characters: [Character]
    private var place = 0
    private var depth = 0
    private var tokens: [MathToken] = []

    /// The tokens of a text; `nil` if it has a character or command that no formula has.
    static func tokens(of text: String) -> [MathToken]? {
        var lexer = MathLexer(characters: Array(text))
        while lexer.place < lexer.characters.count {
            guard lexer.step() else { return nil }
        }
        return lexer.tokens
    }

    private init(characters: [Character]) { self.characters = characters }

    private var rest: ArraySlice<Character> { characters[min(place, characters.count)...] }

    private func starts(_ text: String) -> Bool { rest.starts(with: text) }

    private mutating func step() -> Bool {
        let character = characters[place]
        if character.isWhitespace || character == "$" || character == "~" {
            place += 1
            return true
        }
        if character == "\\" { return command() }
        if character.isASCII && character.isNumber || character == "." && isDigit(place + 1) { return number() }
        if character.isLetter && character.isASCII { return letters() }
        place += 1
        return symbol(character)
    }

    private func isDigit(_ place: Int) -> Bool {
        place < characters.count && characters[place].isASCII && characters[place].isNumber
    }

    /// Digits with thousands separators (outside brackets, where commas part elements), point and exponent.
    private mutating func number() -> Bool {
        var text = ""
        while true {
            while isDigit(place) {
                text.append(characters[place])
                place += 1
            }
            guard let width = separator, !text.contains("."), text.count <= 3 || text.contains("_") else { break }
            text += "_"
            place += width
        }
        text = text.replacing("_", with: "")
        if place < characters.count, characters[place] == ".", isDigit(place + 1) || !text.isEmpty {
            // A full stop behind a whole number ends a sentence.
            if isDigit(place + 1) { text.append(".") }
            place += 1
            while isDigit(place) {
                text.append(characters[place])
                place += 1
            }
        }
        if place < characters.count, "eE".contains(characters[place]) {
            let signed = place + 1 < characters.count && "+-".contains(characters[place + 1])
            if isDigit(place + (signed ? 2 : 1)) {
                text += String(characters[place..<place + (signed ? 2 : 1)])
                place += signed ? 2 : 1
                while isDigit(place) {
                    text.append(characters[place])
                    place += 1
                }
            }
        }
        tokens.append(.number(text))
        return true
    }

    /// The width of a thousands separator at this place: one that exactly three digits follow.
    private var separator: Int? {
        let width: Int
        if starts("{,}") {
            width = 3
        } else if starts("\\,") || starts("\\!") {
            width = 2
        } else if starts(",\\!") {
            width = 3
        } else if starts("\\ "), depth == 0 {
            width = 2
        } else if let next = rest.first, next == "," || " \u{A0}\u{2009}\u{202F}".contains(next), depth == 0 {
            width = 1
        } else {
            return nil
        }
        let start = place + width
        return (start..<start + 3).allSatisfy(isDigit) && !isDigit(start + 3) ? width : nil
    }

    /// A run of letters: a function, a unit, words, or variables side by side.
    private mutating func letters() -> Bool {
        let start = place
        while place < characters.count, characters[place].isLetter, characters[place].isASCII { place += 1 }
        let run = String(characters[start..<place])
        if let token = MathWords.token(run) {
            tokens.append(token)
        } else if run.count == 1 || run.count <= 3 && !MathWords.isWord(run) {
            tokens += run.map { .variable(String($0)) }
        } else {
            tokens.append(.words(run))
        }
        return true
    }

    private mutating func symbol(_ character: Character) -> Bool {
        switch character {
        case "(", "[": depth += 1
        case ")", "]": depth -= 1
        case "{", "}", "+", "-", "*", "/", "^", "_", "|", ",", ";", "=", "<", ">", "!", "%", "&", ":": break
        default:
            guard let token = MathWords.symbols[character] else { return false }
            tokens += token
            return true
        }
        tokens.append(.symbol(String(character)))
        return true
    }

    private mutating func command() -> Bool {
        place += 1
        guard place < characters.count else { return false }
        guard characters[place].isLetter else {
            let character = characters[place]
            place += 1
            switch character {
            case "{", "}":
                depth += character == "{" ? 1 : -1
                tokens.append(.symbol(character == "{" ? "set" : "endset"))
            case "%": tokens.append(.symbol("%"))
            case "\\": tokens.append(.symbol("row"))
            case "|": tokens.append(.symbol("|"))
            case "$", ",", ";", ":", "!", " ", "(", ")", "[", "]", "&", "#", "\"", "'": break
            default: return false
            }
            return true
        }
        let start = place
        while place < characters.count, characters[place].isLetter, characters[place].isASCII { place += 1 }
        let name = String(characters[start..<place])
        if MathWords.degrees.contains(name) {
            if tokens.last == .symbol("^") { tokens.removeLast() }
            return true
        }
        if MathWords.skipped.contains(name) { return true }
        if MathWords.texts.contains(name) { return words() }
        switch name {
        case "overline", "bar", "dot":
            if let group = group(), case .number? = tokens.last, group.allSatisfy({ $0.isASCII && $0.isNumber }) {
                tokens.append(.repeating(group))
                return true
            }
            return false
        case "begin", "end":
            guard let kind = group(), kind.hasSuffix("matrix") || kind == "array" else { return false }
            if name == "begin", kind == "array", starts("{") { _ = group() }
            depth += name == "begin" ? 1 : -1
            tokens.append(.matrix(name == "begin"))
            return true
        default:
            guard let token = MathWords.command(name) else { return false }
            tokens.append(token)
            return true
        }
    }

    /// `\text{…}`: words, or a formula in upright letters.
    private mutating func words() -> Bool {
        guard let group = group() else { return true }
        let trimmed = String(group.trimmed())
        if trimmed.isEmpty { return true }
        if MathWords.separators.contains(trimmed.lowercased()) {
            tokens.append(.symbol(","))
        } else if trimmed.contains(where: \.isNumber), let inner = MathLexer.tokens(of: trimmed) {
            tokens += inner
        } else if let token = MathWords.upright(trimmed) {
            tokens.append(token)
        } else {
            tokens.append(.words(trimmed))
        }
        return true
    }

    /// The contents of the braces at this place.
    private mutating func group() -> String? {
        while place < characters.count, characters[place] == " " { place += 1 }
        guard place < characters.count, characters[place] == "{" else { return nil }
        var open = 0
        for end in place..<characters.count {
            if characters[end] == "{" { open += 1 }
            if characters[end] == "}" { open -= 1 }
            if open == 0 {
                defer { place = end + 1 }
                return String(characters[place + 1..<end])
            }
        }
        return nil
    }
}
