/// What words, commands and signs mean in a mathematical answer.
enum MathWords {
    private static let functions: Set<String> = [
        "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "log",
        "exp", "sqrt", "lg",
    ]

    /// Commands that only concern the looks.
    static let skipped: Set<String> = [
        "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "displaystyle", "textstyle",
        "limits", "quad", "qquad", "dots", "ldots", "cdots", "boldsymbol", "mathbf",
        "operatorname", "mathbb",
    ]

    /// Commands for degrees, which count as a unit: 90° is 90.
    static let degrees: Set<String> = ["circ", "degree"]

    /// Commands whose braces hold words.
    static let texts: Set<String> = ["text", "textbf", "textit", "textrm", "mathrm", "mbox", "mathit", "textnormal"]

    /// Words that part elements.
    static let separators: Set<String> = ["and", "or", ", and", ", or", ","]

    /// Signs beside ASCII.
    static let symbols: [Character: [MathToken]] = [
        "−": [.symbol("-")], "–": [.symbol("-")], "×": [.symbol("*")], "·": [.symbol("*")], "÷": [.symbol("/")],
        "±": [.symbol("plusminus")], "≤": [.symbol("le")], "≥": [.symbol("ge")], "≠": [.symbol("ne")],
        "∈": [.symbol("in")], "∪": [.symbol("union")], "∞": [.constant("infinity")], "π": [.constant("pi")],
        "√": [.function("sqrt")], "°": [], "½": [.symbol("("), .number("1"), .symbol("/"), .number("2"), .symbol(")")],
        "²": [.symbol("^"), .number("2")], "³": [.symbol("^"), .number("3")], "€": [], "£": [], ".": [], "'": [],
        "?": [],
    ]

    private static let commands: [String: MathToken] = [
        "frac": .symbol("frac"), "dfrac": .symbol("frac"), "tfrac": .symbol("frac"), "cfrac": .symbol("frac"),
        "binom": .symbol("binom"), "dbinom": .symbol("binom"), "tbinom": .symbol("binom"), "cdot": .symbol("*"),
        "times": .symbol("*"), "ast": .symbol("*"), "div": .symbol("/"), "pm": .symbol("plusminus"),
        "mp": .symbol("plusminus"), "le": .symbol("le"), "leq": .symbol("le"), "leqslant": .symbol("le"),
        "lt": .symbol("<"), "gt": .symbol(">"), "ge": .symbol("ge"), "geq": .symbol("ge"), "geqslant": .symbol("ge"),
        "ne": .symbol("ne"), "neq": .symbol("ne"), "in": .symbol("in"), "cup": .symbol("union"),
        "approx": .symbol("="), "equiv": .symbol("="), "lfloor": .symbol("floor"), "rfloor": .symbol("endfloor"),
        "lceil": .symbol("ceil"), "rceil": .symbol("endceil"), "lvert": .symbol("|"), "rvert": .symbol("|"),
        "vert": .symbol("|"), "lbrace": .symbol("set"), "rbrace": .symbol("endset"), "langle": .symbol("("),
        "rangle": .symbol(")"), "lbrack": .symbol("["), "rbrack": .symbol("]"), "colon": .symbol(":"),
        "pi": .constant("pi"), "infty": .constant("infinity"), "emptyset": .constant("empty"),
        "varnothing": .constant("empty"), "i": .variable("i"), "mid": .symbol(":"), "land": .symbol(","),
        "lor": .symbol(","), "to": .symbol("="),
    ]

    private static let letters: Set<String> = [
        "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "kappa",
        "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "phi", "varphi", "chi", "psi", "omega", "Gamma", "Delta",
        "Theta", "Lambda", "Sigma", "Phi", "Psi", "Omega", "ell",
    ]

    private static let units: Set<String> = [
        "cm", "mm", "km", "kg", "mg", "ml", "ft", "in", "yd", "mi", "hr", "min", "sec", "mph", "deg", "rad", "cents",
        "USD", "usd", "lbs", "oz", "pts", "kmh", "nm", "Hz", "kW", "MHz", "day", "way",
    ]

    private static let shortWords: Set<String> = [
        "no", "on", "is", "it", "if", "to", "of", "by", "we", "he", "me", "my", "so", "as", "at", "an", "am", "do",
        "go",
        "up", "us", "yes", "the", "all", "odd", "red", "one", "two", "six", "ten", "per",
    ]

    /// Whether a short run of letters is a unit or a word and no product of variables.
    static func isWord(_ run: String) -> Bool { units.contains(run) || shortWords.contains(run.lowercased()) }

    /// A word outside of commands.
    static func token(_ run: String) -> MathToken? {
        if functions.contains(run) { return .function(run) }
        switch run {
        case "pi": return .constant("pi")
        case "infinity", "inf", "oo": return .constant("infinity")
        case "and", "or": return .symbol(",")
        default: return nil
        }
    }

    /// A word in upright letters, where it is part of a formula.
    static func upright(_ word: String) -> MathToken? {
        word.count == 1 && word.first?.isLetter == true ? nil : token(word)
    }

    /// A command without its backslash.
    static func command(_ name: String) -> MathToken? {
        if functions.contains(name) { return .function(name) }
        if letters.contains(name) { return .variable(name) }
        return commands[name]
    }
}
