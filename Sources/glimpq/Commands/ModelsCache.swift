import ArgumentParser
import Checkpoints
import Decoder
import Engine
import Foundation
import Kernels

/// `models cache`: the packed weights that workers share.
struct ModelsCache: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Packed weights that workers on this machine share.",
        discussion: """
            A model's weights are packed once and kept in a folder, which later starts map. The folder is \
            GLIMPQ_WEIGHT_CACHE ("off" for none), else "weight_cache" of the pool file, else the user's cache folder.
            """,
        subcommands: [List.self, Build.self, Clear.self], defaultSubcommand: List.self)

    /// Where the cache is.
    struct Location: ParsableArguments {
        @Option(help: ArgumentHelp("Configuration file: lines of GLIMPQ_NAME=value.", valueName: "file"))
        var config: String?

        @Option(help: ArgumentHelp("Model pool file whose cache is meant.", valueName: "file"))
        var models: String?

        /// - Throws: ``CommandFailure`` if nothing is kept anywhere.
        func cache(_ pool: ModelPoolDescription? = nil, relativeTo folder: URL? = nil) throws -> WeightCache {
            let file = models.map { URL(fileURLWithPath: $0) }
            let pool = try pool ?? file.map(ModelPoolDescription.read)
            let settings = try Settings.load(flags: [:], configuration: config)
            let found = WeightCacheFolder(settings)
                .cache(for: pool, relativeTo: folder ?? file?.deletingLastPathComponent())
            guard let found else {
                throw CommandFailure(
                    .usage,
                    "packed weights are kept nowhere; name a folder with GLIMPQ_WEIGHT_CACHE or \"weight_cache\"")
            }
            return found
        }
    }

    /// `models cache list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What is kept.")

        @OptionGroup var location: Location

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let cache = try location.cache(), files = cache.files
            if json {
                let items = files.map { file in
                    JSONText.object([
                        ("path", JSONText.string(file.path)), ("bytes", "\(file.byteCount)"),
                        ("checkpoint", file.checkpoint.map(JSONText.string) ?? "null"),
                        ("fault", file.fault.map(JSONText.string) ?? "null"),
                    ])
                }
                return try ByteSink.standardOutput.write(
                    line: JSONText.object([
                        ("folder", JSONText.string(cache.folder)), ("files", JSONText.array(items)),
                    ]))
            }
            let total = files.reduce(0) { $0 + $1.byteCount }
            try ByteSink.standardOutput.write(line: "\(cache.folder): \(Figures.bytes(total))")
            for file in files {
                let name = file.path.split(separator: "/").last ?? ""
                let note = file.fault ?? file.checkpoint ?? ""
                try ByteSink.standardOutput.write(line: "  \(Figures.bytes(file.byteCount))  \(name)  \(note)")
            }
        }
    }

    /// `models cache clear`
    struct Clear: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove what is kept.", discussion: "Workers that use a file keep it until they end.")

        @OptionGroup var location: Location

        func run() throws {
            let cache = try location.cache(), files = cache.files, removed = cache.clear()
            try ByteSink.standardOutput.write(
                line: "removed \(removed.count) of \(files.count) files, "
                    + "\(Figures.bytes(removed.reduce(0) { $0 + $1.byteCount })), in \(cache.folder)")
            if removed.count < files.count { throw QuietEnd(status: .failed) }
        }
    }

    /// `models cache build`
    struct Build: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pack the weights of a pool's models ahead of the first worker.")

        @OptionGroup var location: Location

        @Option(help: ArgumentHelp("Threads that pack. Default: the processors of this process.", valueName: "n"))
        var threads: Int?

        @Argument(help: "Pool file, model folder or GGUF file.")
        var path: String

        func validate() throws {
            if !(1...1024).contains(threads ?? 1) { throw ValidationError("--threads is 1 to 1024.") }
        }

        func run() throws {
            let compute = try ComputeThreads(count: threads ?? availableProcessors())
            guard path.hasSuffix(".json") else {
                return try build(path, ModelPoolDescription.Model(path: path), location.cache(), compute)
            }
            let file = URL(fileURLWithPath: path), folder = file.deletingLastPathComponent()
            let pool = try ModelPoolDescription.read(file)
            let cache = try location.cache(pool, relativeTo: folder)
            for (_, model) in pool.models.sorted(by: { $0.key < $1.key }) {
                guard let path = model.path else { continue }
                try build(
                    URL(fileURLWithPath: path, relativeTo: folder).standardizedFileURL.path, model, cache, compute)
            }
        }

        private func build(
            _ path: String, _ model: ModelPoolDescription.Model, _ cache: WeightCache, _ threads: ComputeThreads
        ) throws {
            let progress = LoadProgress { try? ByteSink.standardError.write(line: $0.sentence) }
            let checkpoint = try Checkpoint.open(path: path)
            let family = model.kernels.flatMap(KernelFamily.init(rawValue:)) ?? .own
            let decoder = try Decoder(
                checkpoint: checkpoint, threads: threads, family: family,
                precision: model.precision ?? Precision(suiting: checkpoint, family: family),
                loading: WeightLoading(cache: cache) { progress.report(model: path, $0) })
            if let file = decoder.weightFile { return try ByteSink.standardOutput.write(line: "\(path): \(file)") }
            guard decoder.weightByteCount < cache.smallestBytes else { throw QuietEnd(status: .environment) }
            try ByteSink.standardOutput.write(line: "\(path): too small to be kept; it packs in no time")
        }
    }
}
