/// Where a checkpoint lies, and in which format.
enum CheckpointLocation {
    /// A folder with `config.json` and safetensors files.
    case folder(String)
    /// A GGUF file.
    case gguf(String)

    /// Looks at a path. Throws `CheckpointError` if there is no checkpoint of a known kind.
    init(path: String) throws {
        guard MappedFile.exists(path) else {
            throw CheckpointError.unreadable(file: path, reason: "no such file or folder")
        }
        guard let names = MappedFile.names(inFolder: path) else {
            // A GGUF file shows by its first bytes; one that lacks them is named as one at least, and refused with reasons.
            let file = try MappedFile(path: path)
            if path.hasSuffix(".gguf") || withExtendedLifetime(file, { $0.bytes.starts(with: GGUFFile.magic) }) {
                self = .gguf(path)
                return
            }
            throw CheckpointError.notACheckpoint(path: path, reason: Self.whatToGive(insteadOf: path))
        }
        let hasSafetensors = names.contains { $0.hasSuffix(".safetensors") || $0.hasSuffix(".safetensors.index.json") }
        // The parts of one split file count once.
        let files = names.filter { name in
            name.hasSuffix(".gguf") && (GGUFPartName(path: name)?.part ?? 1) == 1
        }
        if names.contains("config.json"), hasSafetensors || files.isEmpty {
            self = .folder(path)
        } else if files.count == 1 {
            self = .gguf("\(path)/\(files[0])")
        } else {
            throw CheckpointError.notACheckpoint(
                path: path,
                reason: files.isEmpty
                    ? "the folder has neither a config.json nor a GGUF file"
                    : "the folder has \(files.count) GGUF files; name one of them: \(files.joined(separator: ", "))")
        }
    }

    private static func whatToGive(insteadOf path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard name.hasSuffix(".safetensors") || name.hasSuffix(".safetensors.index.json") || name == "config.json"
        else {
            return "expected a folder or a GGUF file"
        }
        let folder = path.dropLast(name.count)
        return "it is a part of one; name the folder that holds it: "
            + (folder.isEmpty ? "." : folder == "/" ? "/" : String(folder.dropLast()))
    }
}
