import ArgumentParser
import Queue

/// Lists queues and sets their switches.
struct Queues: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List queues, and set what may run in them.",
        discussion: """
            A queue needs no setting up: it exists once a job names it. Here it gets limits, turns for its tenants, \
            ageing and a time limit. glimpq pause and glimpq resume stop and start it.
            """,
        subcommands: [List.self, Set.self, Tenants.self, Limit.self], defaultSubcommand: List.self)
}

extension Queues {
    /// Shows all queues.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show queues with their switches.")

        @OptionGroup var shared: SharedOptions

        @Flag(help: "Print JSON: an array with one object per queue.")
        var json = false

        func run() async throws {
            let queues = try await shared.withReader { try await $0.queues() }
            let table = QueueListing(queues)
            try ByteSink.standardOutput.write(json ? table.json : table.text(Palette(isOn: Terminal.output.usesColour)))
        }
    }

    /// Shows the tenants of a queue.
    struct Tenants: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the tenants of a queue and their limits.")

        @OptionGroup var shared: SharedOptions

        @Argument(help: "The queue.")
        var queue: String

        @Flag(help: "Print JSON: an array with one object per tenant; the name of jobs without a tenant is null.")
        var json = false

        func run() async throws {
            let tenants = try await shared.withReader { try await $0.tenants(of: queue) }
            let table = TenantListing(tenants)
            try ByteSink.standardOutput.write(json ? table.json : table.text(Palette(isOn: Terminal.output.usesColour)))
        }
    }

    /// Sets switches of a queue.
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set switches of a queue; those not named stay as they are.",
            discussion: """
                Needs the role glimpq_admin. Limits hold for workers of this version and later; jobs that run already \
                go on. The first queue with turns or limits in a database makes an index: with millions of jobs that \
                takes some seconds, in which nobody writes.
                """)

        @OptionGroup var shared: SharedOptions

        @Argument(help: "The queue.")
        var queue: String

        @Flag(inversion: .prefixedNo, help: "Let tenants take turns, so that none waits behind another's backlog.")
        var fair: Bool?

        @Option(help: ArgumentHelp("How many of its jobs may run at once.", valueName: "number|none"))
        var maxRunning: LimitValue<WholeNumber>?

        @Option(help: ArgumentHelp("How many jobs of each tenant may run at once.", valueName: "number|none"))
        var maxPerTenant: LimitValue<WholeNumber>?

        @Option(
            help: ArgumentHelp(
                "After which wait a job behind higher priorities rises by one: 90s, 10m, 2h.", valueName: "time|none"))
        var ageing: LimitValue<TimeSpan>?

        @Option(
            help: ArgumentHelp("Time limit of jobs that have none of their own: 90s, 10m, 2h.", valueName: "time|none"))
        var timeout: LimitValue<TimeSpan>?

        @Option(help: ArgumentHelp("A remark for people; an empty one removes it.", valueName: "text"))
        var note: String?

        func validate() throws {
            if changes.isEmpty {
                throw ValidationError(
                    "Name a switch to set: --fair, --max-running, --max-per-tenant, --ageing, --timeout, --note.")
            }
            if queue.isEmpty || queue.count > 100 {
                throw ValidationError("The name of a queue has 1 to 100 characters.")
            }
        }

        private var changes: QueueChanges {
            var changes = QueueChanges()
            changes.isFair = fair
            changes.maximumRunning = LimitValue.change(maxRunning) { $0.value }
            changes.maximumPerTenant = LimitValue.change(maxPerTenant) { $0.value }
            changes.ageing = LimitValue.change(ageing) { $0.duration }
            changes.defaultTimeout = LimitValue.change(timeout) { $0.duration }
            if let note { changes.note = note.isEmpty ? .clear : .set(note) }
            return changes
        }

        func run() async throws {
            try await shared.withControl { try await $0.configure(queue: queue, changes) }
            let queues = try await shared.withReader { try await $0.queues() }.filter { $0.name == queue }
            try ByteSink.standardOutput.write(QueueListing(queues).text(Palette(isOn: Terminal.output.usesColour)))
        }
    }

    /// Limits one tenant.
    struct Limit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Limit how many jobs of one tenant run at once in a queue.",
            discussion: "0 stops the tenant; none goes back to the queue's limit. Needs the role glimpq_admin.")

        @OptionGroup var shared: SharedOptions

        @Argument(help: "The queue.")
        var queue: String

        @Argument(help: "The tenant; an empty name means jobs without one.")
        var tenant: String

        @Argument(help: ArgumentHelp("How many.", valueName: "number|none"))
        var maximum: LimitValue<WholeNumber>

        func run() async throws {
            let limit: Int? = if case .value(let number) = maximum { number.value } else { nil }
            try await shared.withControl {
                try await $0.limit(tenant: tenant.isEmpty ? nil : tenant, in: queue, to: limit)
            }
            let who = tenant.isEmpty ? "jobs without a tenant" : "tenant \(tenant)"
            let what = limit.map { "at most \(Figures.grouped($0)) at once" } ?? "the queue's limit holds again"
            try ByteSink.standardOutput.write(line: "queue \(queue), \(who): \(what)")
        }
    }
}
