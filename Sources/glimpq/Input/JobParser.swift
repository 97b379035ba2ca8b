import Queue
import Routing

/// Turns lines of input into jobs, each checked as a worker would check it.
struct JobParser {
    /// What the command line says.
    let defaults: JobDefaults
    private let pairs: Set<String>?
    private let takesRequestsOnly: Bool
    private let defaultParameters: String
    /// Strategies with parameters that were found good: most lines of a file share theirs.
    private var accepted: Set<String> = []
    private static let mostAccepted = 10_000

    /// Creates a parser.
    ///
    /// - Parameters:
    ///   - defaults: What the command line says.
    ///   - pairs: The pairs that exist, where that is known.
    ///   - takesRequestsOnly: Whether lines of our own form are refused.
    init(defaults: JobDefaults, pairs: Set<String>? = nil, takesRequestsOnly: Bool = false) {
        self.defaults = defaults
        self.pairs = pairs
        self.takesRequestsOnly = takesRequestsOnly
        defaultParameters = defaults.parameterObject
    }

    /// The job of a line; `nil` if the line is blank.
    ///
    /// - Throws: ``LineFault``.
    mutating func job(_ line: [UInt8]) throws(LineFault) -> NewJob? {
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return nil }
        if let offset = UTF8Check.firstFault(line) { throw Self.illFormed(line, offset) }
        let node: JSONNode
        do {
            node = try JSONReader.parse(line)
        } catch {
            throw LineFault(nil, "not JSON: \(error)")
        }
        guard case .object(let members) = node.value else {
            throw LineFault(nil, "expected a JSON object, got \(node.shown)")
        }
        if let refused = try RefusedLine.input(of: members, in: line) { return try self.job(refused) }
        let isBatchRequest = takesRequestsOnly || members.contains { ["method", "url", "body"].contains($0.name) }
        var fields = JobFields(members, line: line)
        let job = isBatchRequest ? try batchRequest(&fields) : try ownForm(&fields)
        try check(job)
        return job
    }

    /// The fault of a line that is not UTF-8 from an offset on.
    static func illFormed(_ line: [UInt8], _ offset: Int) -> LineFault {
        LineFault(
            nil,
            "column \(offset + 1): expected UTF-8, got byte 0x\(String(line[offset], radix: 16)); convert the file, "
                + "e.g. with: iconv -f LATIN1 -t UTF-8")
    }

    /// Our own form: the columns of a job by name.
    private func ownForm(_ fields: inout JobFields) throws(LineFault) -> NewJob {
        var job = NewJob()
        job.prompt = try fields.text("prompt")
        job.messages = try fields.json("messages", "an array of turns") { if case .array = $0 { true } else { false } }?
            .text
        job.customID = try fields.text("custom_id")
        job.strategy = try fields.text("strategy") ?? defaults.strategy
        job.pair = try fields.text("pair") ?? defaults.pair
        let parameters = try fields.object("params")
        job.params = parameters == nil ? defaultParameters : defaults.merged(with: parameters?.node, in: fields.line)
        job.seed = try fields.seed("seed")
        job.referenceAnswer = try fields.text("reference_answer")
        job.metadata = try fields.object("metadata")?.text
        job.priority = try fields.integer("priority", in: -32_768...32_767).map { Int16($0) } ?? defaults.priority
        job.queue = try fields.text("queue") ?? defaults.queue
        job.tenant = try fields.text("tenant") ?? defaults.tenant
        job.maximumAttempts = try fields.integer("max_attempts", in: 1...100).map { Int16($0) } ?? 3
        job.timeoutSeconds = try fields.number("timeout")
        try fields.finish()
        return job
    }

    /// What only shows when the parts are together: the table's limits, the strategy with its parameters, the pair.
    private mutating func check(_ job: NewJob) throws(LineFault) {
        do {
            try job.validate()
        } catch {
            throw LineFault(nil, "\(error)")
        }
        if let pair = job.pair, let pairs, !pairs.contains(pair) {
            let names = pairs.sorted().map(\.debugDescription).joined(separator: ", ")
            throw LineFault("pair", "expected one of \(names) (the model pool file), got \(pair.debugDescription)")
        }
        let key = job.strategy + "\u{0}" + job.params
        if job.messages == nil && job.seed == nil && accepted.contains(key) { return }
        do {
            _ = try JobSpecification(
                prompt: job.prompt, messages: job.messages, strategy: job.strategy, parameters: job.params,
                seed: job.seed.map { Int64(bitPattern: $0) })
        } catch {
            let path =
                error.key.hasPrefix("parameters") ? "params" + error.key.dropFirst("parameters".count) : error.key
            throw LineFault(path, "expected \(error.expected), got \(error.got)")
        }
        if job.seed == nil && accepted.count < Self.mostAccepted { accepted.insert(key) }
    }

    /// A line of an OpenAI batch file: the request is translated, and its model's name kept for the output.
    private func batchRequest(_ fields: inout JobFields) throws(LineFault) -> NewJob {
        var request = try OpenAIRequest(&fields)
        var job = NewJob()
        job.customID = request.customID
        job.prompt = request.prompt
        job.messages = request.messages
        job.strategy = defaults.strategy
        job.pair = defaults.pair
        job.priority = defaults.priority
        job.queue = defaults.queue
        job.tenant = defaults.tenant
        job.seed = request.seed
        job.metadata = JSONText.object([
            ("openai_model", JSONText.string(request.model)), ("url", JSONText.string(request.url)),
        ])
        for (name, value) in defaults.parameters where !request.parameters.contains(where: { $0.name == name }) {
            request.parameters.append((name, value))
        }
        job.params = JSONText.object(request.parameters)
        return job
    }
}
