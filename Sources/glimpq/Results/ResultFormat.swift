import ArgumentParser
import Queue

/// Forms in which results are exported.
enum ResultFormat: String, CaseIterable, ExpressibleByArgument {
    /// One object per line with everything that is known of a job.
    case jsonl
    /// The same as columns.
    case csv
    /// Output lines of an OpenAI batch.
    case openai

    /// What stands before the first job.
    var header: String {
        self == .csv ? CSVText.row(ResultRecord.names) : ""
    }

    /// A job, with its line end.
    func text(_ job: ExportedJob) -> String {
        switch self {
        case .jsonl: JSONText.object(ResultRecord(job).members.map { ($0.name, $0.value.json) }) + "\n"
        case .csv: CSVText.row(ResultRecord(job).members.map(\.value.text))
        case .openai: OpenAIResponse(job).json + "\n"
        }
    }

    /// The number of the job of a line that ``text(_:)`` has written; `nil` if it is another line.
    func job(of line: ArraySlice<UInt8>) -> Int64? {
        let prefix =
            switch self {
            case .jsonl: #"{"job_id": "#
            case .csv: ""
            case .openai: #"{"id": "batch_req_"#
            }
        guard line.starts(with: prefix.utf8) else { return nil }
        let digits = line.dropFirst(prefix.utf8.count).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}

/// Comma-separated values as RFC 4180 has them, with line feeds between rows.
enum CSVText {
    /// A row with its line end.
    static func row(_ fields: [String]) -> String { fields.map(field).joined(separator: ",") + "\n" }

    private static func field(_ text: String) -> String {
        let needsQuotes = text.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
        guard needsQuotes else { return text }
        var result: [UInt8] = [0x22]
        result.reserveCapacity(text.utf8.count + 2)
        for byte in text.utf8 {
            if byte == 0x22 { result.append(byte) }
            result.append(byte)
        }
        result.append(0x22)
        return String(decoding: result, as: UTF8.self)
    }
}
