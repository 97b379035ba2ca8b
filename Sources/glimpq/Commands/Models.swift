import ArgumentParser

/// What a model folder holds, and what it computes.
struct Models: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at model folders.", subcommands: [ModelsShow.self, ModelsForward.self])
}

/// `models show`: what a folder holds and the memory it needs.
struct ModelsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "What a model folder holds and the memory it needs.",
        discussion: "Given a model pool file, shows all its models and pairs.")

    @Argument(
        help: ArgumentHelp(
            "Folder with config.json, tokenizer.json and safetensors; or a pool file.", valueName: "path"))
    var path: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let report = try path.hasSuffix(".json") ? PoolReport(poolFile: path) : PoolReport(folder: path)
        try ByteSink.standardOutput.write(
            json ? report.json + "\n" : report.text(Palette(isOn: Terminal.output.usesColour)))
    }
}

/// `models forward`: logits, entropy and greedy continuation, in the form of the reference script.
struct ModelsForward: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward", abstract: "Compute the next-token distribution after a context, and go on greedily.",
        discussion: """
            Prints one JSON object per context: ids, vocab, topk (pairs of id and logit), entropy (nats), logsumexp, \
            with --all-positions argmax and entropies, with --greedy the continuation. Compare it with what transformers \
            says about the same folder.
            """)

    @Argument(help: "Folder with config.json, tokenizer.json and safetensors.")
    var path: String

    @Option(
        name: .customLong("ids"), help: ArgumentHelp("Context as token ids, e.g. 1,2,3; repeatable.", valueName: "ids"))
    var contexts: [String] = []

    @Option(
        name: .customLong("text"),
        help: ArgumentHelp("Context as text; added tokens are matched; repeatable.", valueName: "text"))
    var texts: [String] = []

    @Option(help: "How many of the largest logits to print.")
    var top = 10

    @Option(help: "How many tokens to go on greedily.")
    var greedy = 0

    @Flag(help: "Also the most probable token and the entropy at every position.")
    var allPositions = false

    @Option(help: "Matrix products: own or openblas.")
    var kernels = "own"

    @Option(help: "exact or fast (default: exact for floats, fast for quantised weights).")
    var precision: String?

    @Option(help: "Compute threads.")
    var threads = 1

    func validate() throws {
        if contexts.isEmpty && texts.isEmpty { throw ValidationError("Give a context with --ids or --text.") }
        if top < 1 || greedy < 0 || threads < 1 {
            throw ValidationError("--top and --threads start at 1, --greedy at 0.")
        }
    }

    func run() throws {
        let model = try ForwardModel(path: path, kernels: kernels, precision: precision, threads: threads)
        let prompts = try contexts.map { try model.context(ids: $0) } + texts.map { try model.context(text: $0) }
        for ids in prompts {
            let report = try model.report(ids: ids, top: top, greedy: greedy, allPositions: allPositions)
            try ByteSink.standardOutput.write(line: report)
        }
    }
}
