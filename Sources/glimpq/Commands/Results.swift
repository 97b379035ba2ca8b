import ArgumentParser
import Postgres
import Queue

/// Exports results.
struct Results: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Export results as JSON lines, CSV or OpenAI batch output.",
        discussion: """
            Writes the jobs that are done, in the order of their numbers; --error-file takes those that failed, were \
            cancelled or quarantined. A file appears under its name when it is complete. For other selections use SQL: \
            COPY (SELECT … FROM glimpq.v_result …) TO STDOUT.
            """)

    @OptionGroup var shared: SharedOptions

    @Option(help: "Only jobs of this batch.")
    var batch: String?

    @Option(help: "jsonl, csv or openai.")
    var format = ResultFormat.jsonl

    @Option(name: [.customShort("o"), .long], help: ArgumentHelp("Default: standard output.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Where to write jobs that ended without a result.", valueName: "file"))
    var errorFile: String?

    func run() async throws {
        let rest = try await shared.withConnection { connection in
            let batchID = try await Self.batchID(batch, connection)
            try await export(.done, to: output, connection)
            if let errorFile { try await export(.ended, to: errorFile, connection) }
            return try await Self.rest(batchID, connection)
        }
        if let note = Self.note(rest, hasErrorFile: errorFile != nil) {
            try ByteSink.standardError.write(line: note)
        }
    }

    private func export(
        _ selection: ResultSelection, to path: String?, _ connection: Connection
    ) async throws {
        let file = try OutputFile(path: path)
        let sink = file.sink
        _ = try await connection.copyOut(
            ResultQuery(format: format, selection: selection, batch: batch).sql
        ) { try sink.append($0) }
        try file.commit()
    }

    private static func batchID(_ name: String?, _ connection: Connection) async throws -> Int64? {
        guard let name else { return nil }
        let row = try await connection.query("SELECT batch_id FROM glimpq.v_batch_progress WHERE batch = $1", [name])
            .oneOrNone()
        guard let row else { throw QueueError.unknownBatch(name) }
        return try row.get(0)
    }

    /// Jobs that are not in the output.
    private static func rest(_ batchID: Int64?, _ connection: Connection) async throws -> (open: Int, ended: Int) {
        let row = try await connection.query(
            """
            SELECT coalesce(sum(open), 0)::bigint, coalesce(sum(failed + cancelled + quarantined), 0)::bigint
            FROM glimpq.v_batch_progress WHERE $1::bigint IS NULL OR batch_id = $1
            """, [batchID]
        ).one()
        return (try row.get(0), try row.get(1))
    }

    /// What the reader of the output must know about what is not in it.
    static func note(_ rest: (open: Int, ended: Int), hasErrorFile: Bool) -> String? {
        var parts: [String] = []
        if rest.open > 0 { parts.append("\(Figures.grouped(rest.open)) jobs are not finished yet") }
        if rest.ended > 0 && !hasErrorFile {
            parts.append("\(Figures.grouped(rest.ended)) jobs ended without a result; --error-file FILE writes them")
        }
        return parts.isEmpty ? nil : "note: " + parts.joined(separator: "; ")
    }
}
