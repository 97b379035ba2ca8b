extension StatusReport {
    /// One JSON object.
    var json: String {
        func number(_ value: Double?) -> String { value.map(JSONText.rounded) ?? "null" }
        let queues = self.queues.map { queue in
            JSONText.object([
                ("queue", JSONText.string(queue.name)), ("paused", "\(queue.isPaused)"), ("ready", "\(queue.ready)"),
                ("delayed", "\(queue.delayed)"), ("held", "\(queue.held)"), ("running", "\(queue.running)"),
                ("oldest_ready_seconds", number(queue.oldestSeconds)),
            ])
        }
        let batches = self.batches.map { batch in
            JSONText.object([
                ("batch", JSONText.string(batch.name)), ("total", "\(batch.total)"), ("done", "\(batch.done)"),
                ("failed", "\(batch.failed)"), ("cancelled", "\(batch.cancelled)"), ("running", "\(batch.running)"),
                ("open", "\(batch.open)"), ("per_minute", number(batch.perMinute)),
                ("seconds_to_go", number(batch.secondsToGo)), ("accuracy", number(batch.accuracy)),
            ])
        }
        let workers = self.workers.map { worker in
            JSONText.object([
                ("worker_id", "\(worker.id)"), ("state", JSONText.string(worker.state)),
                ("where", JSONText.string(worker.place)),
                ("version", JSONText.string(worker.version)), ("in_flight", "\(worker.inFlight)"),
                ("capacity", "\(worker.capacity)"), ("beat_seconds", number(worker.beatSeconds)),
            ])
        }
        return JSONText.object([
            ("queues", JSONText.array(queues)), ("batches", JSONText.array(batches)),
            ("workers", JSONText.array(workers)),
            ("warnings", JSONText.array(warnings.map(JSONText.string))),
        ])
    }
}
