import Queue

/// Queues and their switches, for people and programs.
struct QueueListing {
    private let queues: [QueueSummary]

    init(_ queues: [QueueSummary]) { self.queues = queues }

    /// A table.
    func text(_ palette: Palette) -> String {
        if queues.isEmpty { return palette.dim("no queue has jobs or switches") + "\n" }
        var table = TextTable([
            ("queue", .left), ("ready", .right), ("delayed", .right), ("held", .right), ("running", .right),
            ("of", .right), ("per tenant", .right), ("turns", .left), ("ageing", .right), ("time limit", .right),
            ("", .left),
        ])
        for queue in queues {
            let remarks = [
                queue.pausedAt == nil ? nil : "paused",
                queue.tenantLimits == 0 ? nil : "tenant limits: \(Figures.grouped(queue.tenantLimits))", queue.note,
            ]
            table.append([
                queue.name, Figures.grouped(queue.ready), Figures.grouped(queue.delayed), Figures.grouped(queue.held),
                Figures.grouped(queue.running), queue.maximumRunning.map(Figures.grouped) ?? "–",
                queue.maximumPerTenant.map(Figures.grouped) ?? "–", queue.isFair ? "fair" : "–",
                queue.ageingSeconds.map(Figures.duration) ?? "–",
                queue.defaultTimeoutSeconds.map(Figures.duration) ?? "–",
                remarks.compactMap(\.self).joined(separator: "; "),
            ])
        }
        return table.rendered(palette) + "\n"
    }

    /// An array with one object per queue.
    var json: String {
        JSONText.array(
            queues.map { queue in
                JSONText.object([
                    ("queue", JSONText.string(queue.name)), ("paused", "\(queue.pausedAt != nil)"),
                    ("fair", "\(queue.isFair)"), ("max_running", JSONText.optional(queue.maximumRunning)),
                    ("max_running_per_tenant", JSONText.optional(queue.maximumPerTenant)),
                    ("tenant_limits", "\(queue.tenantLimits)"),
                    ("ageing_seconds", JSONText.optional(queue.ageingSeconds)),
                    ("default_timeout_seconds", JSONText.optional(queue.defaultTimeoutSeconds)),
                    ("note", queue.note.map(JSONText.string) ?? "null"), ("ready", "\(queue.ready)"),
                    ("delayed", "\(queue.delayed)"), ("held", "\(queue.held)"), ("running", "\(queue.running)"),
                    ("oldest_ready_seconds", JSONText.optional(queue.oldestReadySeconds)),
                ])
            }) + "\n"
    }
}

/// Tenants of a queue, for people and programs.
struct TenantListing {
    private let tenants: [TenantSummary]

    init(_ tenants: [TenantSummary]) { self.tenants = tenants }

    /// A table.
    func text(_ palette: Palette) -> String {
        if tenants.isEmpty { return palette.dim("no tenant has jobs or a limit in this queue") + "\n" }
        var table = TextTable([
            ("tenant", .left), ("ready", .right), ("running", .right), ("of", .right), ("oldest", .right),
        ])
        for tenant in tenants {
            table.append([
                tenant.name ?? "(none)", Figures.grouped(tenant.ready), Figures.grouped(tenant.running),
                tenant.maximumRunning.map(Figures.grouped) ?? "–",
                tenant.oldestReadySeconds.map(Figures.duration) ?? "–",
            ])
        }
        return table.rendered(palette) + "\n"
    }

    /// An array with one object per tenant.
    var json: String {
        JSONText.array(
            tenants.map { tenant in
                JSONText.object([
                    ("tenant", tenant.name.map(JSONText.string) ?? "null"), ("ready", "\(tenant.ready)"),
                    ("running", "\(tenant.running)"), ("max_running", JSONText.optional(tenant.maximumRunning)),
                    ("oldest_ready_seconds", JSONText.optional(tenant.oldestReadySeconds)),
                ])
            }) + "\n"
    }
}

extension JSONText {
    fileprivate static func optional(_ number: Int?) -> String { number.map { "\($0)" } ?? "null" }

    fileprivate static func optional(_ number: Double?) -> String { number.map(rounded) ?? "null" }
}
