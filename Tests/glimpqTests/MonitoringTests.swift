import Foundation
import Logging
import Metrics
import Synchronization
import Testing

@testable import glimpq

@Suite struct MonitoringTests {
    @Test(arguments: [
        ("9464", "127.0.0.1", 9464), ("0.0.0.0:80", "0.0.0.0", 80), ("[::1]:8080", "::1", 8080),
        ("localhost:0", "127.0.0.1", 0), ("*:9464", "0.0.0.0", 9464),
    ])
    func addresses(text: String, host: String, port: UInt16) throws {
        let address = try ListenAddress(text, setting: "--listen-http")
        #expect(address.host == host && address.port == port)
    }

    @Test(arguments: ["", ":80", "host", "1.2.3.4:", "1.2.3.4:70000", "x:-1"])
    func wrongAddresses(_ text: String) {
        let error = #expect(throws: CommandFailure.self) { try ListenAddress(text, setting: "--listen-http") }
        #expect(error?.status == .usage)
    }

    private func get(_ url: String) async throws -> (code: Int, type: String, body: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl", "-s", "-w", "\n%{http_code} %{content_type}", "--max-time", "20", url]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let last = try #require(lines.last).split(separator: " ", maxSplits: 1)
        return (
            Int(last[0]) ?? 0, last.count > 1 ? String(last[1]) : "", lines.dropLast().joined(separator: "\n")
        )
    }

    @Test func endpointsAnswer() async throws {
        let reason = Mutex<String?>("draining")
        let server = try await MonitoringServer(
            ListenAddress("0", setting: "s"), metrics: { [WorkerMonitor.build] },
            unreadiness: { reason.withLock { $0 } })
        let base = "http://\(server.address)"
        #expect(try await get(base + "/healthz") == (200, "text/plain; charset=utf-8", "alive\n"))
        #expect(try await get(base + "/readyz") == (503, "text/plain; charset=utf-8", "draining\n"))
        reason.withLock { $0 = nil }
        #expect(try await get(base + "/readyz").code == 200)
        let metrics = try await get(base + "/metrics")
        #expect(metrics.type == "text/plain; version=0.0.4; charset=utf-8")
        #expect(metrics.body.contains("glimpq_build_info{version="))
        #expect(try await get(base + "/secrets").code == 404)
        // A second one cannot have the same address, and says so.
        let error = await #expect(throws: CommandFailure.self) {
            try await MonitoringServer(
                ListenAddress(server.address, setting: "s"), metrics: { [] }, unreadiness: { nil })
        }
        #expect(error?.status == .environment)
        await server.stop()
    }

    @Test func aWorkerIsNotReadyBeforeItsModels() {
        #expect(WorkerMonitor().unreadiness == "models are being loaded")
    }

    @Test func logLinesAreObjects() throws {
        let lines = Mutex<[String]>([])
        var logger = Logger(label: "glimpq.worker") { label in
            JSONLogHandler(label: label) { line in lines.withLock { $0.append(line) } }
        }
        logger[metadataKey: "job"] = "17"
        logger[metadataKey: "epoch"] = "2"
        logger[metadataKey: "worker"] = "x"
        logger.warning("attempt \"failed\"\n", metadata: ["class": "infra", "level": "odd", "jobs": ["1", "2"]])
        logger.debug("too fine")
        let line = try #require(lines.withLock { $0 }.first)
        #expect(lines.withLock { $0.count } == 1)
        #expect(!line.contains("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["level"] as? String == "warning" && object["_level"] as? String == "odd")
        #expect(object["message"] as? String == "attempt \"failed\"\n")
        #expect(object["label"] as? String == "glimpq.worker")
        #expect(object["job"] as? Int == 17 && object["epoch"] as? Int == 2)
        #expect(object["worker"] as? String == "x")  // no number
        #expect(object["class"] as? String == "infra")
    }

    @Test func timesAreRFC3339WithMilliseconds() {
        let line = JSONLogHandler.line(
            .info, "m", label: "l", [:], at: Date(timeIntervalSince1970: 1_763_740_953.25))
        #expect(line == #"{"time": "2025-11-21T16:02:33.250Z", "level": "info", "message": "m", "label": "l"}"#)
    }

    @Test(arguments: [("30d", 2_592_000), ("90m", 5400), ("0s", 0), ("12h", 43_200)])
    func ages(text: String, seconds: Int) {
        #expect(PurgeAge(argument: text)?.duration == .seconds(seconds))
    }

    @Test(arguments: ["", "30", "d", "-1d", "1w", "1.5d"])
    func noAges(_ text: String) { #expect(PurgeAge(argument: text) == nil) }
}
