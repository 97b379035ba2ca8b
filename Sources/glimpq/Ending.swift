import ArgumentParser
import Checkpoints
import Engine
import Generation
import Kernels
import Postgres
import Queue
import Tokenization

/// What the exit codes of the program mean.
enum ExitStatus: Int32 {
    /// Everything was done.
    case done = 0
    /// The command ran, and some of its work failed.
    case failed = 1
    /// The command was called in a wrong way.
    case usage = 2
    /// Something outside the command is not as it must be: database, files, models.
    case environment = 3
}

/// Why a command stops: one sentence that says what, where, and what to do.
struct CommandFailure: Error, CustomStringConvertible {
    /// The exit code.
    let status: ExitStatus
    /// The sentence.
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}

/// Why a command stops after it has said everything itself.
struct QuietEnd: Error {
    /// The exit code.
    let status: ExitStatus
}

/// How the program ends after an error: with which code, and what it says.
struct Ending {
    let status: ExitStatus
    /// For standard error; for standard output if the status is ``ExitStatus/done`` (help, version).
    let message: String?
    /// The message without the program's name.
    let sentence: String

    init(of error: any Error) {
        switch error {
        case let failure as CommandFailure:
            self.init(failure.status, failure.description)
        case let end as QuietEnd:
            self.init(end.status, nil)
        case is BrokenPipe:
            self.init(.done, nil)
        case let failure as PostgresError:
            self.init(failure)
        case let failure as QueueError:
            if case .unknownBatch = failure {
                self.init(.failed, "\(failure)")
            } else {
                self.init(.environment, "\(failure)")
            }
        case is CheckpointError, is ModelPoolError, is TokenizerError, is PromptTemplateError, is KernelError,
            is FileFailure:
            self.init(.environment, "\(error)")
        case let failure as ModelError:
            self.init(.failed, "\(failure)")
        case is CancellationError:
            self.init(.failed, "interrupted")
        default:
            self.init(parsing: error)
        }
    }

    private init(_ status: ExitStatus, _ sentence: String?) {
        self.status = status
        // Messages of libpq come in several lines.
        self.sentence = (sentence ?? "").split(whereSeparator: \.isNewline).joined(separator: " ")
        message = sentence == nil ? nil : "glimpq: \(self.sentence)"
    }

    /// A refusal of the database, with what to do about the usual ones.
    private init(_ error: PostgresError) {
        switch (error, error.sqlState) {
        case (.cannotConnect, _):
            self.init(
                .environment,
                "\(error); check that the server runs and that --database, GLIMPQ_DATABASE_URL or the PG* variables name it"
            )
        case (_, "42P01"), (_, "3F000"), (_, "42883"):
            self.init(
                .environment, "the database lacks the schema that this program needs; run `glimpq migrate` (\(error))")
        case (_, "42501"):
            self.init(
                .environment,
                "\(error); the database user needs one of the roles glimpq_producer, glimpq_worker, glimpq_analyst, "
                    + "glimpq_admin, e.g. GRANT glimpq_producer TO some_user")
        case (.connectionLost, _):
            self.init(.environment, "\(error)")
        case (_, "25006"):
            self.init(
                .environment,
                "\(error); the server takes no writes: a standby, or a failover that is not over; try again, or connect "
                    + "with target_session_attrs=read-write")
        case _ where error.needsReconnect:
            self.init(.environment, "\(error)")
        default:
            self.init(.failed, "\(error)")
        }
    }

    /// What the argument parser throws: help and version, which are no errors, and usage errors.
    private init(parsing error: any Error) {
        let code = Glimpq.exitCode(for: error)
        sentence = Glimpq.fullMessage(for: error)
        message = sentence
        status = code.isSuccess ? .done : code == .validationFailure ? .usage : .failed
    }
}
