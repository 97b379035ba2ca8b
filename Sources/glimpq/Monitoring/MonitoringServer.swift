import FlyingFox
import FlyingSocks
import FoundationEssentials
import Logging
import Metrics

/// Answers `GET /metrics`, `/healthz` and `/readyz` over HTTP/1.1. Meant for a trusted network: there is neither
/// encryption nor a password, and nothing in the answers is of a job's content.
final class MonitoringServer: Sendable {
    private let server: HTTPServer
    private let task: Task<Void, any Error>
    /// Where it listens, with the port that the system chose.
    let address: String

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - address: Where.
    ///   - metrics: Gathers what `/metrics` says.
    ///   - unreadiness: Why `/readyz` is to refuse; `nil` if all is well.
    /// - Throws: ``CommandFailure`` if the address cannot be had.
    init(
        _ address: ListenAddress, metrics: @escaping @Sendable () async -> [MetricFamily],
        unreadiness: @escaping @Sendable () async -> String?
    ) async throws {
        do {
            let server = try Self.server(at: address)
            self.server = server
            await server.appendRoute("GET,HEAD /healthz") { _ in Self.plain(.ok, "alive") }
            await server.appendRoute("GET,HEAD /readyz") { _ in
                guard let reason = await unreadiness() else { return Self.plain(.ok, "ready") }
                return Self.plain(.serviceUnavailable, reason)
            }
            await server.appendRoute("GET,HEAD /metrics") { _ in
                let text = PrometheusText.text(await metrics())
                return HTTPResponse(
                    statusCode: .ok, headers: [.contentType: PrometheusText.contentType], body: Data(text.utf8))
            }
            // Whichever comes first, the socket or the reason why there is none.
            let listening = Task { try await server.waitUntilListening(timeout: 10) }
            let task = Task {
                do {
                    try await server.run()
                } catch {
                    listening.cancel()
                    throw error
                }
            }
            self.task = task
            do {
                try await listening.value
            } catch {
                task.cancel()
                try await task.value
                throw error
            }
            self.address =
                switch await server.listeningAddress {
                case .ip4(let host, let port): "\(host):\(port)"
                case .ip6(let host, let port): "[\(host)]:\(port)"
                case .unix, nil: "\(address.host):\(address.port)"
                }
        } catch let error where !(error is CancellationError) {
            throw CommandFailure(
                .environment,
                "cannot listen on \(address.host):\(address.port) for metrics and health: \(error); choose another "
                    + "address with --listen-http or GLIMPQ_HTTP")
        }
    }

    /// Stops listening.
    func stop() async {
        await server.stop(timeout: 1)
        task.cancel()
    }

    private static func server(at address: ListenAddress) throws -> HTTPServer {
        if address.host.contains(":") {
            return HTTPServer(address: try .inet6(ip6: address.host, port: address.port), logger: .disabled)
        }
        return HTTPServer(address: try .inet(ip4: address.host, port: address.port), logger: .disabled)
    }

    private static func plain(_ status: HTTPStatusCode, _ text: String) -> HTTPResponse {
        HTTPResponse(
            statusCode: status, headers: [.contentType: "text/plain; charset=utf-8"], body: Data((text + "\n").utf8))
    }
}
