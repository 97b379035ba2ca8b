import ArgumentParser
import Checkpoints
import Decoder
import Tokenization

/// What a model holds, and what it computes.
struct Models: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at model folders and GGUF files.",
        subcommands: [ModelsShow.self, ModelsForward.self, ModelsCache.self])
}

/// `models show`: what a model holds and the memory it needs.
struct ModelsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "What a model holds and the memory it needs.",
        discussion: """
            Given a model pool file, shows all its models and pairs. Of a model that is not supported it prints every \
            reason and ends with exit code 1.
            """)

    @Argument(
        help: ArgumentHelp(
            "Folder with config.json, tokenizer.json and safetensors; GGUF file; or pool file.", valueName: "path"))
    var path: String

    @Option(help: "For how many sessions to compute memory.")
    var sessions = 1

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if sessions < 1 || sessions > 1 << 20 { throw ValidationError("--sessions is at least 1 and at most 1048576.") }
    }

    func run() throws {
        let caches = WeightCacheFolder(try Settings.load(flags: [:], configuration: nil))
        let report =
            try path.hasSuffix(".json")
            ? PoolReport(poolFile: path, sessions: sessions, caches: caches)
            : PoolReport(model: path, sessions: sessions, caches: caches)
        // Of a single model nothing is left where it cannot be shown; a pool's other models are shown.
        if report.faults.isEmpty || report.isOfPool || json {
            try ByteSink.standardOutput.write(
                json ? report.json + "\n" : report.text(Palette(isOn: Terminal.output.usesColour)))
        }
        for fault in report.faults where !json {
            for reason in fault.reasons {
                let message = report.isOfPool ? "model \"\(fault.name)\": \(reason)" : reason
                try ByteSink.standardError.write(line: "glimpq: \(message)")
            }
        }
        guard !report.faults.isEmpty else { return }
        throw QuietEnd(status: report.faults.contains { !$0.isUnsupported } ? .environment : .failed)
    }
}

/// `models forward`: logits, entropy and greedy continuation, in the form of the reference script.
struct ModelsForward: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward", abstract: "Compute the next-token distribution after a context, and go on greedily.",
        discussion: """
            Prints one JSON object per context: ids, vocab, topk (pairs of id and logit), entropy (nats), logsumexp, \
            with --all-positions argmax and entropies, with --greedy the continuation. Compare it with what transformers \
            says about the same model.
            """)

    @Argument(help: "Folder with config.json, tokenizer.json and safetensors; or GGUF file.")
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

    @Option(
        help: ArgumentHelp(
            "File to write the logits of each context's last token to, as little-endian float32.", valueName: "file"))
    var logits: String?

    @Option(help: "Matrix products: own or openblas.")
    var kernels = "own"

    @Option(help: "exact or fast (default: exact for floats, fast for quantised weights).")
    var precision: String?

    @Option(help: "Compute threads.")
    var threads = 1

    @Option(help: ArgumentHelp("Folder to take packed weights from, or to put them into.", valueName: "folder"))
    var weightCache: String?

    func validate() throws {
        if contexts.isEmpty && texts.isEmpty { throw ValidationError("Give a context with --ids or --text.") }
        if top < 1 || greedy < 0 || !(1...1024).contains(threads) {
            throw ValidationError("--top starts at 1, --greedy at 0; --threads is 1 to 1024.")
        }
    }

    func run() throws {
        let model = try ForwardModel(
            path: path, kernels: kernels, precision: precision, threads: threads,
            weightCache: weightCache.map { WeightCache(folder: $0, smallestBytes: 0) })
        let prompts = try contexts.map { try model.context(ids: $0) } + texts.map { try model.context(text: $0) }
        let file = try logits.map { try OutputFile(path: $0) }
        for ids in prompts {
            let report = try model.report(
                ids: ids, top: top, greedy: greedy, allPositions: allPositions, logits: file?.sink)
            try ByteSink.standardOutput.write(line: report)
        }
        try file?.commit()
    }
}
