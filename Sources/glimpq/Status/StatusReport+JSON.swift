extension StatusReport {
    /// One JSON object.
    var json: String {
        func number(_ value: Double?) -> String { value.map(JSONText.rounded) ?? "null" }
        let queues = self.queues.map { queue in
            JSONText.object([
                ("queue", JSONText.string(queue.name)), ("paused", "\(queue.isPaused)"), ("ready", "\(queue.ready)"),
                ("ready_is_estimate", "\(queue.isAbout)"), ("delayed", "\(queue.delayed)"), ("held", "\(queue.held)"),
                ("running", "\(queue.running)"), ("oldest_ready_seconds", number(queue.oldestSeconds)),
                ("per_minute", number(queue.perMinute)), ("seconds_to_go", number(queue.secondsToGo)),
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
                ("where", JSONText.string(worker.place)), ("version", JSONText.string(worker.version)),
                ("protocol", worker.protocol.map { "\($0)" } ?? "null"), ("in_flight", "\(worker.inFlight)"),
                ("capacity", "\(worker.capacity)"), ("tokens_per_second", number(worker.tokensPerSecond)),
                ("beat_seconds", number(worker.beatSeconds)),
            ])
        }
        let faults = self.faults.map { fault in
            JSONText.object([
                ("class", JSONText.string(fault.errorClass)), ("state", JSONText.string(fault.state)),
                ("jobs", "\(fault.jobs)"),
            ])
        }
        let work = self.work.map { work in
            JSONText.object([
                ("seconds", number(work.seconds)), ("done", "\(work.done)"), ("tokens", "\(work.tokens)"),
                ("llm_token_share", number(work.llmTokenShare)), ("llm_step_share", number(work.llmStepShare)),
            ])
        }
        return JSONText.object([
            ("queues", JSONText.array(queues)), ("batches", JSONText.array(batches)),
            ("workers", JSONText.array(workers)), ("recent", work ?? "null"),
            ("inserted_per_second", number(insertedPerSecond)), ("draft_acceptance", number(draftAcceptance)),
            ("errors", JSONText.array(faults)), ("warnings", JSONText.array(warnings.map(JSONText.string))),
        ])
    }
}
