import ArgumentParser
import Checkpoints
import Decoder
import Engine
import Foundation
import Kernels

/// Measures how long forward passes of a pool's models take, and fits an estimate.
struct BenchLatency: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency",
        abstract: "Fit the time of a forward pass to its new and its cached tokens, for each model of a pool.",
        discussion: """
            Measures passes of one sequence over a grid and fits a·n² + b·n·kv + c·n + d seconds by least squares of \
            relative errors, no coefficient below 0. What trains a router that is to pay for the time it takes \
            (Ops/routers) reads the document that --output writes; [n, kv, seconds] of each pass stand in it too. \
            Measure on a machine that does nothing else.
            """)

    @Argument(help: "Pool file.")
    var pool: String

    @Option(help: ArgumentHelp("Compute threads. Default: the pool file's, else the processors.", valueName: "n"))
    var threads: Int?

    @Option(name: .customLong("new"), help: ArgumentHelp("Tokens that a pass adds.", valueName: "list"))
    var newTokens = "1,2,3,4,6,8,16,32,64,128"

    @Option(name: .customLong("cached"), help: ArgumentHelp("Tokens that are there before.", valueName: "list"))
    var cachedTokens = "0,32,64,128,256,512,1024,2048,4096"

    @Option(
        name: .customLong("repeat"), help: ArgumentHelp("Repetitions of each pass; the median counts.", valueName: "n"))
    var repetitions = 31

    @Option(help: ArgumentHelp("File to write the coefficients to, as JSON.", valueName: "file"))
    var output: String?

    func validate() throws {
        if !(1...1024).contains(threads ?? 1) || repetitions < 1 {
            throw ValidationError("--repeat starts at 1; --threads is 1 to 1024.")
        }
        _ = try Self.counts(newTokens, "--new", from: 1)
        _ = try Self.counts(cachedTokens, "--cached", from: 0)
    }

    func run() async throws {
        let file = URL(fileURLWithPath: pool)
        let description = try ModelPoolDescription.read(file)
        let threads = threads ?? description.threads ?? availableProcessors()
        let new = try Self.counts(newTokens, "--new", from: 1)
        let cached = try Self.counts(cachedTokens, "--cached", from: 0)
        var report = LatencyReport(threads: threads)
        for (name, entry) in description.models.sorted(by: { $0.key < $1.key }) {
            guard let path = entry.path else { continue }  // a simulated model has no passes
            let model = try BenchModel(
                BenchModel.Setting(
                    path: URL(fileURLWithPath: path, relativeTo: file.deletingLastPathComponent()).path,
                    family: entry.kernels.flatMap(KernelFamily.init) ?? .own, precision: entry.precision,
                    cacheFormat: entry.kvCacheType, threads: threads),
                chunk: new.max() ?? 1)
            guard let fit = LatencyFit(try points(of: model, new: new, cached: cached)) else {
                throw CommandFailure(.usage, "--new, --cached: no pass fits the window of model \(name)")
            }
            report.append(name, fit)
        }
        try ByteSink.standardOutput.write(report.text(Palette(isOn: Terminal.output.usesColour)))
        if let output { try Data(report.json.utf8).write(to: URL(fileURLWithPath: output)) }
    }

    private func points(of model: BenchModel, new: [Int], cached: [Int]) throws -> [LatencyPoint] {
        var points: [LatencyPoint] = []
        for cached in cached {
            for new in new where new + cached <= model.shape.contextLength {
                let pass = Measurement.extend(tokens: new, context: cached)
                let samples = Samples(try (0..<repetitions).map { _ in try model.measure(pass) })
                model.forget(pass)
                points.append(LatencyPoint(new: new, cached: cached, seconds: samples.median.seconds))
            }
        }
        return points
    }

    private static func counts(_ text: String, _ option: String, from minimum: Int) throws -> [Int] {
        try text.split(separator: ",").map { part in
            guard let count = Int(part), (minimum...1 << 20).contains(count) else {
                throw ValidationError("\(option): expected numbers from \(minimum) on with commas between.")
            }
            return count
        }
    }
}
