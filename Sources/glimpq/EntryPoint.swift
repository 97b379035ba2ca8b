import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where the program starts: runs a command and turns every way it can end into one of the documented exit codes.
@main
enum EntryPoint {
    static func main() async {
        // A reader that goes away (`results | head`) shows up as an error of `write` instead of killing the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Glimpq.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            leave(after: error)
        }
    }

    private static func leave(after error: any Error) -> Never {
        let ending = Ending(of: error)
        if let message = ending.message {
            try? ByteSink(descriptor: ending.status == .done ? 1 : 2).write(line: message)
        }
        exit(ending.status.rawValue)
    }
}
