import CFuzzer
import Foundation

/// `Fuzz --list` prints the targets; `Fuzz TARGET --seeds FOLDER` writes its seeds, and its words as `FOLDER.dict`;
/// `Fuzz TARGET …` hands the rest of the command line to libFuzzer. `Ops/fuzz` does all three.
@main
enum EntryPoint {
    private static let target: FuzzTarget? = {
        let arguments = CommandLine.arguments
        return arguments.count < 2 ? nil : FuzzTarget.all.first { $0.name == arguments[1] }
    }()

    static func main() throws {
        let arguments = CommandLine.arguments
        guard let target else {
            for target in FuzzTarget.all { print(target.name) }
            exit(arguments.dropFirst().first == "--list" ? 0 : 2)
        }
        if arguments.count == 4, arguments[2] == "--seeds" { return try writeSeeds(of: target, folder: arguments[3]) }
        exit(runDriver(longestInput: target.longestInput))
    }

    private static func runDriver(longestInput: Int) -> CInt {
        var options = ["\(CommandLine.arguments[0])", "-max_len=\(longestInput)"]
        options += CommandLine.arguments.dropFirst(2)
        var pointers: [UnsafeMutablePointer<CChar>?] = options.map { strdup($0) } + [nil]
        var count = CInt(options.count)
        return pointers.withUnsafeMutableBufferPointer { buffer in
            var base = buffer.baseAddress
            return LLVMFuzzerRunDriver(&count, &base) { data, size in
                EntryPoint.target?.run(Array(UnsafeBufferPointer(start: data, count: size)))
                return 0
            }
        }
    }

    private static func writeSeeds(of target: FuzzTarget, folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (index, seed) in try target.seeds().enumerated() {
            try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(index)"))
        }
        let lines = target.words.map { word in
            "\""
                + word.utf8.map { byte in
                    let digits = String(byte, radix: 16)
                    return "\\x" + (digits.count < 2 ? "0" : "") + digits
                }.joined() + "\"\n"
        }
        // libFuzzer refuses an empty dictionary.
        if lines.isEmpty { return }
        try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: "\(folder).dict"))
    }
}
