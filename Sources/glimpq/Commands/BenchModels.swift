import ArgumentParser
import Checkpoints
import Decoder
import Engine
import Kernels

/// Measures a model on this machine.
struct BenchModels: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Measure a model on this machine: bandwidth, decode, prefill, probes, load.",
        discussion: """
            Measures forward passes as the engine makes them. Assembling batches and, for probes, the signals of the \
            distribution are included; sampling, scheduling and the queue are not (Ops/bench/batching measures these). \
            Decode steps and short prefills read every weight once, so the read bandwidth limits them; many rows are \
            limited by arithmetic. Repetitions vary with what else the machine does: the median counts, and the range \
            says how far to trust it.
            """)

    @Argument(help: "Model folder, or a .gguf file.")
    var path: String

    @Option(help: ArgumentHelp("Compute threads. Default: the processors of this process.", valueName: "n"))
    var threads: Int?

    @Option(
        help:
            "How products treat weights and inputs: exact or fast. Default: exact for floats, fast for quantised weights.",
        transform: { try choice($0, of: Precision.self) })
    var precision: Precision?

    @Option(
        help: "How keys and values are kept: f32 or f16. Default: f32 for exact, f16 for fast.",
        transform: { try choice($0, of: KeyValueFormat.self) })
    var kvCacheType: KeyValueFormat?

    @Option(
        help: "Matrix products: \(KernelFamily.allCases.map(\.rawValue).joined(separator: " or ")).",
        transform: { try choice($0, of: KernelFamily.self) })
    var kernels = KernelFamily.own

    @Option(
        help: ArgumentHelp(
            "Folder to take packed weights from, or to put them into. Default: they are packed.", valueName: "folder"))
    var weightCache: String?

    @Option(help: ArgumentHelp("Tokens of the prefill; 0 for none.", valueName: "n"))
    var prompt = 512

    @Option(help: ArgumentHelp("Most tokens of one sequence in a pass of the prefill.", valueName: "n"))
    var chunk = 512

    @Option(help: ArgumentHelp("Decode steps per repetition; 0 for none.", valueName: "n"))
    var generate = 32

    @Option(help: ArgumentHelp("Tokens that decoding sequences have to begin with.", valueName: "n"))
    var context = 64

    @Option(help: ArgumentHelp("How many sequences decode at once, with commas between.", valueName: "list"))
    var sequences = "1,4,16,64"

    @Option(help: ArgumentHelp("How many probes at once, with commas between; 0 for none.", valueName: "list"))
    var probes = "1,64"

    @Option(help: ArgumentHelp("Tokens of the contexts that are probed.", valueName: "n"))
    var probeContext = 500

    @Option(name: .customLong("repeat"), help: ArgumentHelp("Repetitions of each measurement.", valueName: "n"))
    var repetitions = 5

    @Flag(help: "Print one line of JSON per figure.")
    var json = false

    @Flag(
        help: """
            Read what to measure from standard input, one request per line, and answer each with a line of JSON; the model \
            stays in memory, and a first line says how long it took to load. For benchmarks that alternate between programs. Requests: decode sequences=N context=N \
            tokens=N, prefill tokens=N, extend tokens=N context=N, probe sequences=N context=N shared=0|1, bandwidth threads=N, load.
            """)
    var requests = false

    func validate() throws {
        if !(1...1024).contains(threads ?? 1) || repetitions < 1 || chunk < 1 || probeContext < 1 {
            throw ValidationError("--repeat, --chunk and --probe-context start at 1; --threads is 1 to 1024.")
        }
        if kernels == .openBLAS, precision == .fast {
            throw ValidationError("--precision: openblas has no fast products; leave it out or say exact.")
        }
        if prompt < 0 || generate < 0 || context < 0 {
            throw ValidationError("--prompt, --generate and --context start at 0.")
        }
        _ = try counts(sequences, "--sequences", from: 1)
        _ = try counts(probes, "--probes", from: 0)
    }

    func run() async throws {
        let threads = threads ?? availableProcessors()
        let model = try BenchModel(
            BenchModel.Setting(
                path: path, family: kernels, precision: precision, cacheFormat: kvCacheType, threads: threads,
                weightCache: weightCache.map { WeightCache(folder: $0) }),
            chunk: chunk)
        if requests { return try answerRequests(model) }
        let report = try BenchRun(model: model, repetitions: repetitions).report(on: measurements(threads))
        let palette = Palette(isOn: Terminal.output.usesColour)
        let heading = """
            \(palette.bold(path)): \(Figures.grouped(model.shape.parameterCount)) parameters, \
            \(model.precision.rawValue), keys and values in \(model.cacheFormat.rawValue), \(threads) thread\(threads == 1 ? "" : "s"), \(model.instructionSet.rawValue)

            """
        try ByteSink.standardOutput.write(json ? report.json : heading + report.text(palette))
    }

    private func measurements(_ threads: Int) throws -> [Measurement] {
        var list = [Measurement.bandwidth(threads: 1), .load]
        if threads > 1 { list.insert(.bandwidth(threads: threads), at: 1) }
        if generate > 0 {
            list += try counts(sequences, "--sequences", from: 1).map {
                .decode(sequences: $0, context: context, steps: generate)
            }
        }
        if prompt > 0 { list.append(.prefill(tokens: prompt)) }
        for count in try counts(probes, "--probes", from: 0) where count > 0 {
            list.append(.probe(sequences: count, context: probeContext, isShared: true))
            if count > 1 { list.append(.probe(sequences: count, context: probeContext, isShared: false)) }
        }
        return list
    }

    private func counts(_ text: String, _ option: String, from minimum: Int) throws -> [Int] {
        try text.split(separator: ",").map { part in
            guard let count = Int(part), (minimum...4096).contains(count) else {
                throw ValidationError("\(option): expected numbers from \(minimum) to 4096 with commas between.")
            }
            return count
        }
    }

    private func answerRequests(_ model: BenchModel) throws {
        try ByteSink.standardOutput.write(
            line: JSONText.object([("load_seconds", Figures.fixed(model.load.seconds, 9))]))
        while let line = readLine() {
            try ByteSink.standardOutput.write(line: model.measure(Measurement(request: line)).json)
        }
    }
}

/// One of the names of an option's values.
private func choice<Value: RawRepresentable<String> & CaseIterable>(_ name: String, of type: Value.Type) throws -> Value
{
    guard let value = Value(rawValue: name) else {
        throw ValidationError("expected \(Value.allCases.map(\.rawValue).joined(separator: " or ")).")
    }
    return value
}
